"""The callers of a scene `line`, in Redis: who waits, who is on stage, and the call to the presenter's phone."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from show.base_scene import TTL_SECONDS
from store import Pipe, Store

PRESENTER_CALL_TTL_SECONDS = 4 * 3600  # the longest call that Twilio allows
DIALING_SECONDS = 60  # during which nobody else calls the presenter's phone


@dataclass(frozen=True)
class Caller:
    """Somebody in line. `joined_at` is a Unix timestamp."""

    sid: str
    name: str
    joined_at: float = 0.0


def waiting_key(scene_id: str) -> str:
    """Return the key of the sorted set of waiting calls, by the time since when."""
    return f"show:line:{scene_id}"


def names_key(scene_id: str) -> str:
    """Return the key of the hash call -> friendly name."""
    return f"show:line-names:{scene_id}"


def stage_key(scene_id: str) -> str:
    """Return the key of the hash with the call on stage -> friendly name."""
    return f"show:line-on-stage:{scene_id}"


def presenter_key(scene_id: str) -> str:
    """Return the key of the sid of the call to the presenter's phone."""
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


def move_to_stage(store: Store, scene_id: str, caller: Caller) -> bool:
    """Move a waiting caller to the stage. Returns False if the caller has left, or another presenter was faster."""
    if not store.zrem(waiting_key(scene_id), caller.sid):
        return False
    store.hset(stage_key(scene_id), caller.sid, caller.name)
    store.expire(stage_key(scene_id), TTL_SECONDS)
    return True


def claim_presenter_call(store: Store, scene_id: str) -> bool:
    """Return whether the presenter's phone is to be called now: nobody else does, and it is not in a call."""
    return bool(store.set(presenter_key(scene_id), "dialing", ex=DIALING_SECONDS, nx=True))


def record_presenter_call(store: Store, scene_id: str, sid: str) -> None:
    """Record the call to the presenter's phone."""
    store.set(presenter_key(scene_id), sid, ex=PRESENTER_CALL_TTL_SECONDS)


def take_presenter_call(store: Store, scene_id: str) -> str:
    """Forget the call to the presenter's phone. Return its sid, or "" if there is none."""
    found = (store.getdel(presenter_key(scene_id)) or b"").decode()
    return found if found.startswith("CA") else ""
