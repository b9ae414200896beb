"""The jobs of the scene `line`, which change calls through Twilio's REST API."""

from typing import Any
from urllib.parse import urlencode

import context
from sending.twilio.calls_and_media import CallEnded
from show.line import waiting_line
from workers import call_state
from workers.callbacks import get_gateway
from workers.queues import CALLERS, FAILURE_TTL_SECONDS, RESULT_TTL_SECONDS

ON_STAGE_PATH, THANKS_PATH, PRESENTER_PATH = "/voice/line/stage", "/voice/line/thanks", "/voice/line/presenter"


class LineFailed(Exception):
    """Twilio did not do what a job asked for. The traceback is logged, and the person stays where they are."""


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
    if not waiting_line.claim_presenter_call(gateway.redis, scene_id):
        return
    call = gateway.client.calls.create(
        to=number,
        from_=gateway.settings.default_number,
        url=_url(PRESENTER_PATH, scene_id),
        status_callback=_url(f"{PRESENTER_PATH}/status", scene_id),
    )
    waiting_line.record_presenter_call(gateway.redis, scene_id, str(call.sid))


def hang_up_presenter(scene_id: str, sid: str) -> None:
    """The job: end the call to the presenter's phone."""
    get_gateway().client.calls(sid).update(status="completed")


def _redirect(scene_id: str, sid: str, path: str) -> None:
    try:
        number = call_state.load(get_gateway().redis, sid).phone_number
        if not get_gateway().redirect_call(sid, _url(path, scene_id), number):
            raise LineFailed(f"Twilio did not redirect call {sid} to {path}")
    except CallEnded:
        waiting_line.leave(get_gateway().redis, [scene_id], sid)


def _url(path: str, scene_id: str) -> str:
    return f"{get_gateway().settings.public_url}{path}?{urlencode({'scene': scene_id})}"
