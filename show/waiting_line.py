"""The callers of a `line` scene: who waits, who is on stage, the presenter's call, and the jobs for them."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from twilio.base.exceptions import TwilioRestException

import context
from sending.twilio import error_codes
from sending.twilio.calls_and_media import CallEnded
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES
from show import show_state
from show.base_scene import TTL_SECONDS
from store import Pipe, Store, commit_if_unchanged, new_pipeline
from workers import call_state
from workers.answer_delivery import get_gateway
from workers.queues import CALLERS, FAILURE_TTL_SECONDS, RESULT_TTL_SECONDS

PRESENTER_CALL_TTL_SECONDS = 4 * 3600  # the longest call that Twilio allows
DIALING_SECONDS = 60  # during which no other job calls the presenter's phone
ON_STAGE_PATH, THANKS_PATH, PRESENTER_PATH = "/voice/line/stage", "/voice/line/thanks", "/voice/line/presenter"

# Moves a caller from the line to the stage. Returns an index of MOVE_RESULTS.
MOVE_SCRIPT = """
if redis.call('HLEN', KEYS[2]) > 0 then return 2 end
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 1 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 0
"""
MOVE_RESULTS = ("", "has just left the line", "must wait: another caller has just been brought on")


class LineFailed(Exception):
    """Twilio did not do what a job asked for. The traceback is logged, and the person stays where they are."""


@dataclass(frozen=True)
class Caller:
    """Somebody in line. `joined_at` is a Unix timestamp."""

    sid: str
    name: str
    joined_at: float = 0.0


def waiting_key(scene_id: str) -> str:
    """Return the key of the sorted set of waiting calls, scored by the time at which they joined."""
    return f"show:line:{scene_id}"


def names_key(scene_id: str) -> str:
    """Return the key of the hash that maps each call in line to a friendly name."""
    return f"show:line-names:{scene_id}"


def stage_key(scene_id: str) -> str:
    """Return the key of the hash that maps the call on stage to a friendly name."""
    return f"show:line-on-stage:{scene_id}"


def presenter_key(scene_id: str) -> str:
    """Return the key that holds the sid of the call to the presenter's phone or, while a job dials, the job's mark."""
    return f"show:line-presenter:{scene_id}"


def storage_keys(scene_id: str) -> list[str]:
    """Return all keys of the line."""
    return [waiting_key(scene_id), names_key(scene_id), stage_key(scene_id), presenter_key(scene_id)]


def join(pipe: Pipe, scene_id: str, sid: str, name: str) -> None:
    """Add a call to the line on this pipeline. A call that is already in line keeps its place."""
    pipe.execute_command("ZADD", waiting_key(scene_id), "NX", time.time(), sid)
    pipe.execute_command("HSET", names_key(scene_id), sid, name)
    for key in (waiting_key(scene_id), names_key(scene_id)):
        pipe.execute_command("EXPIRE", key, TTL_SECONDS)


def leave(pipe: Pipe | Store, scene_ids: Sequence[str], sid: str) -> None:
    """Remove a call that has ended from these lines and from the stage."""
    for scene_id in scene_ids:
        pipe.execute_command("ZREM", waiting_key(scene_id), sid)
        pipe.execute_command("HDEL", names_key(scene_id), sid)
        pipe.execute_command("HDEL", stage_key(scene_id), sid)


def list_waiting(store: Store, scene_id: str) -> list[Caller]:
    """Return the callers in line, the one who has waited longest first."""
    rows = store.zrange(waiting_key(scene_id), 0, -1, withscores=True)
    names = store.hmget(names_key(scene_id), [sid for sid, _ in rows]) if rows else []
    return [
        Caller(sid.decode(), (name or b"somebody").decode(), joined_at)
        for (sid, joined_at), name in zip(rows, names, strict=True)
    ]


def on_stage(store: Store, scene_id: str) -> Caller | None:
    """Return the caller on stage, or None."""
    rows = store.hgetall(stage_key(scene_id))
    return next((Caller(sid.decode(), name.decode()) for sid, name in rows.items()), None)


def move_to_stage(store: Store, scene_id: str, caller: Caller) -> str:
    """Move a waiting caller to the stage. Returns "", or why this is not possible, as the end of a sentence."""
    arguments = (caller.sid, caller.name, TTL_SECONDS)
    code = int(store.eval(MOVE_SCRIPT, 2, waiting_key(scene_id), stage_key(scene_id), *arguments))
    return MOVE_RESULTS[code]


def claim_presenter_call(store: Store, scene_id: str) -> str:
    """Return a mark if the presenter's phone is to be called now; "" if a job is calling it, or it is in a call."""
    mark = f"dialing-{secrets.token_hex(8)}"
    return mark if store.set(presenter_key(scene_id), mark, ex=DIALING_SECONDS, nx=True) else ""


def record_presenter_call(store: Store, scene_id: str, mark: str, sid: str) -> bool:
    """Record the call to the presenter's phone. Returns False if the call, or the conversation, has ended meanwhile."""
    pipe = new_pipeline(store)
    pipe.set(presenter_key(scene_id), sid, ex=PRESENTER_CALL_TTL_SECONDS)
    return commit_if_unchanged(store, pipe, presenter_key(scene_id), mark)


def forget_presenter_call(store: Store, scene_id: str, mark: str, sid: str) -> None:
    """Forget this call to the presenter's phone, which has ended. A later call is kept."""
    for expected in (mark, sid):
        pipe = new_pipeline(store)
        pipe.delete(presenter_key(scene_id))
        commit_if_unchanged(store, pipe, presenter_key(scene_id), expected)


def take_presenter_call(store: Store, scene_id: str) -> str:
    """Forget the call to the presenter's phone. Return its sid, or "" if there is none."""
    found = (store.getdel(presenter_key(scene_id)) or b"").decode()
    return found if found.startswith("CA") else ""


# Jobs, which change calls through Twilio's REST API


def enqueue(job: Any, *args: str) -> None:
    """Have a worker run this job now: a person is on the line."""
    context.queues().by_name[CALLERS].enqueue_call(
        job,
        args=args,
        result_ttl=RESULT_TTL_SECONDS,
        failure_ttl=FAILURE_TTL_SECONDS,
        description="line",
    )


def bring_on(scene_id: str, sid: str) -> None:
    """The job: connect this caller with the presenter. A caller who has hung up leaves the stage."""
    _redirect(scene_id, sid, ON_STAGE_PATH)


def say_thanks(scene_id: str, sid: str) -> None:
    """The job: thank this caller, and hang up."""
    _redirect(scene_id, sid, THANKS_PATH)


def call_presenter(scene_id: str, number: str) -> None:
    """The job: call the presenter's phone, unless it is in the conference already."""
    gateway = get_gateway()
    mark = claim_presenter_call(gateway.redis, scene_id)
    if not mark:
        return
    try:
        call = gateway.client.calls.create(
            to=number,
            from_=gateway.settings.default_number,
            url=_url(PRESENTER_PATH, scene_id),
            status_callback=_url(f"{PRESENTER_PATH}/status", scene_id, mark=mark),
        )
    except Exception as error:
        if isinstance(error, TwilioRestException) or error_codes.was_never_sent(error):
            forget_presenter_call(gateway.redis, scene_id, mark, "")  # there is no call: the next job may try again
        raise
    if not record_presenter_call(gateway.redis, scene_id, mark, str(call.sid)):
        hang_up_presenter(scene_id, str(call.sid))


def hang_up_presenter(scene_id: str, sid: str) -> None:
    """The job: end the call to the presenter's phone, unless it has ended."""
    try:
        get_gateway().client.calls(sid).update(status="completed")
    except TwilioRestException as error:
        if error.code not in (error_codes.CALL_NOT_IN_PROGRESS, error_codes.NOT_FOUND):
            raise


def _redirect(scene_id: str, sid: str, path: str) -> None:
    try:
        number = call_state.load(get_gateway().redis, sid).phone_number
        if not get_gateway().redirect_call(sid, _url(path, scene_id), number):
            raise LineFailed(f"Twilio did not redirect call {sid} to {path}")
    except CallEnded:
        leave(get_gateway().redis, [scene_id], sid)
        show_state.announce(get_gateway().redis)


def _url(path: str, scene_id: str, **query: str) -> str:
    parameters = urlencode({"scene": scene_id, **query})
    return f"{get_gateway().settings.public_url}{path}?{parameters}{CONNECTION_OVERRIDES}"
