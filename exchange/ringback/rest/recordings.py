"""The Recording resource, with WAV and MP3 downloads."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ringback.calls.call import CallRecorder
from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.call_parameters import recording_options
from ringback.rest.errors import RestError, not_found
from ringback.rest.list_filters import select
from ringback.rest.paging import page
from ringback.service.dates import rfc2822
from ringback.sound.recorder import Recorder
from ringback.sound.recordings import Recording
from ringback.state import State

EVIDENCE = documented("voice/api/recording")

INELIGIBLE = "Requested resource is not eligible for recording"
CURRENT = "Twilio.CURRENT"  # the recording in progress


def list_all(request: ApiRequest) -> dict[str, Any]:
    parent = request.http.match_info.get("sid")
    rows = select(
        request,
        [
            recording
            for recording in reversed(request.state.recordings.values())
            if not parent or parent in (recording.call_sid, recording.conference_sid)
        ],
        {
            "CallSid": lambda recording: recording.call_sid or "",
            "ConferenceSid": lambda recording: recording.conference_sid or "",
        },
        {"DateCreated": lambda recording: recording.started},
    )
    return page(request, "recordings", rows, as_resource)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return as_resource(_recording(request))


def create(request: ApiRequest) -> dict[str, Any]:
    """Start recording a call in progress. Returns the existing recording if the REST API has already started one."""
    call = request.state.calls.get(request.path("sid"))
    if call is None or call.plan.hidden:
        raise not_found(request.http.path)
    source = "StartCallRecordingAPI"
    if not call.is_live:
        raise RestError(21220, message=INELIGIBLE)
    recorder = next((each for each in call.recorders if each.options.source == source), None)
    return as_resource((recorder or CallRecorder(call, recording_options(request, source))).recording)


def update(request: ApiRequest) -> dict[str, Any]:
    """Pause, resume or stop a recording in progress."""
    recorder = _recorder(request)
    match parameters.one_of(request, "Status", "", ("paused", "in-progress", "stopped")):
        case "paused":
            recorder.pause(skip=parameters.one_of(request, "PauseBehavior", "silence", ("skip", "silence")) == "skip")
        case "in-progress":
            recorder.resume()
        case "stopped":
            recorder.close()
    return as_resource(recorder.recording)


def _recorder(request: ApiRequest) -> Recorder:
    """The active recorder with the recording SID in the path, or the newest one for CURRENT. Raises RestError."""
    parent, sid = request.path("sid"), request.path("recording")
    call, conference = request.state.calls.get(parent), request.state.conferences.get(parent)
    running: list[Recorder] = (
        [*call.recorders] if call else [conference.recorder] if conference and conference.recorder else []
    )
    for recorder in reversed(running):
        if sid in (recorder.recording.sid, CURRENT):
            return recorder
    raise RestError(21220, message=INELIGIBLE) if sid in request.state.recordings else not_found(request.http.path)


def delete(request: ApiRequest) -> None:
    recording = _recording(request)
    if recording.is_running:
        raise RestError(20009)
    del request.state.recordings[recording.sid]


async def download(state: State, request: web.Request) -> web.Response:
    """The audio file. A conference recording is mixed down to one channel unless RequestedChannels is 2.

    No authentication is required, as in a new Twilio account."""
    recording = state.recordings.get(request.match_info["recording"])
    if recording is None or recording.is_running:
        return not_found(request.path).response()
    requested = request.query.get("RequestedChannels", "")
    if requested == "2" and recording.channels == 1:
        return RestError(16113).response()
    is_mixed = requested == "1" or (recording.conference_sid and requested != "2")
    channels = 1 if is_mixed else recording.channels
    as_mp3 = request.path.endswith(".mp3")
    sound = await state.recordings.render(recording, channels, as_mp3)
    return web.Response(body=sound, content_type="audio/mpeg" if as_mp3 else "audio/x-wav")


def as_resource(recording: Recording) -> dict[str, Any]:
    return {
        "account_sid": recording.account,
        "api_version": "2010-04-01",
        "call_sid": recording.call_sid,
        "channels": recording.channels,
        "conference_sid": recording.conference_sid,
        "date_created": rfc2822(recording.started),
        "date_updated": rfc2822(recording.updated),
        "duration": "-1" if recording.is_running else str(recording.duration),
        "encryption_details": None,
        "error_code": None,
        "media_url": recording.url,
        "price": None,
        "price_unit": "USD",
        "sid": recording.sid,
        "source": recording.source,
        "start_time": rfc2822(recording.started),
        "status": recording.status,
        "subresource_uris": {
            "add_on_results": f"{recording.path}/AddOnResults.json",
            "transcriptions": f"{recording.path}/Transcriptions.json",
        },
        "track": recording.track,
        "uri": f"{recording.path}.json",
    }


def _recording(request: ApiRequest) -> Recording:
    sid = request.http.match_info.get("recording") or request.path("sid")
    recording = request.state.recordings.get(sid)
    if recording is None:
        raise not_found(request.http.path)
    return recording
