"""The Participant resource: participants in a conference."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ringback.calls.call_plan import CallPlan
from ringback.calls.conferences import Conference
from ringback.calls.outgoing import start_outbound_call
from ringback.calls.participant import Participant
from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.call_parameters import (
    amd_callback,
    call_recording,
    from_number,
    status_callback,
    time_limit,
    to_number,
)
from ringback.rest.conferences import announce_method, announced, find_conference, play_to
from ringback.rest.errors import RestError, not_found
from ringback.rest.paging import page
from ringback.service.dates import rfc2822
from ringback.service.sids import SID
from ringback.twiml.steps import Fetch, Inline

EVIDENCE = documented("voice/api/conference-participant-resource")

# The <Conference> attribute that each parameter sets when a participant is created.
NOUN_ATTRIBUTES = {
    "Muted": "muted",
    "Beep": "beep",
    "StartConferenceOnEnter": "startConferenceOnEnter",
    "EndConferenceOnExit": "endConferenceOnExit",
    "Label": "participantLabel",
    "WaitUrl": "waitUrl",
    "WaitMethod": "waitMethod",
    "ConferenceStatusCallback": "statusCallback",
    "ConferenceStatusCallbackMethod": "statusCallbackMethod",
    "MaxParticipants": "maxParticipants",
    "ConferenceRecord": "record",
    "ConferenceTrim": "trim",
    "ConferenceRecordingStatusCallback": "recordingStatusCallback",
    "ConferenceRecordingStatusCallbackMethod": "recordingStatusCallbackMethod",
    "CallSidToCoach": "coach",
}
NOUN_EVENT_ATTRIBUTES = {
    "ConferenceStatusCallbackEvent": "statusCallbackEvent",
    "ConferenceRecordingStatusCallbackEvent": "recordingStatusCallbackEvent",
}


def list_all(request: ApiRequest) -> dict[str, Any]:
    conference = find_conference(request)
    muted, hold, coaching = (request.query.get(name) for name in ("Muted", "Hold", "Coaching"))
    rows = [
        participant
        for participant in _participants(conference)
        if (muted is None or (muted == "true") == participant.muted)
        and (hold is None or (hold == "true") == participant.hold)
        and (coaching is None or (coaching == "true") == bool(participant.coached_sid))
    ]
    return page(request, "participants", rows, lambda participant: as_resource(conference, participant))


def create(request: ApiRequest) -> dict[str, Any]:
    """Call a number and connect it to a conference, which is created if the name in the path is new."""
    state = request.state
    sid_or_name = request.path("sid")
    name = state.conferences[sid_or_name].name if sid_or_name in state.conferences else sid_or_name
    if SID.fullmatch(sid_or_name) and sid_or_name not in state.conferences:
        raise not_found(request.http.path)
    to, from_ = to_number(request), from_number(request)
    conference = state.conferences.get_or_create(request.account, name)
    plan = CallPlan(
        from_,
        to,
        "outbound-api",
        to,
        request.account,
        callbacks=[status_callback(request)],
        recording=call_recording(request),
        machine_detection=request.text("MachineDetection"),
        amd_callback=amd_callback(request, "AmdStatusCallback"),
        time_limit=time_limit(request),
        reason=request.text("CallReason")[:50],
    )
    timeout = parameters.whole_number(request, "Timeout", 60, 21208, 1, 600)
    call = start_outbound_call(state, plan, Inline(_document(request, name)), timeout)
    participant = Participant(
        call,
        label=request.text("Label"),
        muted=parameters.boolean(request, "Muted"),
        start_on_enter=parameters.boolean(request, "StartConferenceOnEnter", default=True),
        end_on_exit=parameters.boolean(request, "EndConferenceOnExit"),
        coached_sid=request.text("CallSidToCoach"),
    )
    conference.connecting.append(participant)
    return as_resource(conference, participant)


def _document(request: ApiRequest, name: str) -> str:
    values = {
        attribute: request.text(parameter) for parameter, attribute in NOUN_ATTRIBUTES.items() if request.has(parameter)
    }
    for parameter, attribute in NOUN_EVENT_ATTRIBUTES.items():
        if request.has(parameter):
            values[attribute] = " ".join(request.texts(parameter))
    attributes = " ".join(f"{attribute}={quoteattr(value)}" for attribute, value in values.items())
    return f"<Response><Dial><Conference {attributes}>{escape(name)}</Conference></Dial></Response>"


def fetch(request: ApiRequest) -> dict[str, Any]:
    conference = find_conference(request)
    return as_resource(conference, _find(request, _participants(conference)))


def update(request: ApiRequest) -> dict[str, Any]:
    """Mute a participant, put it on hold, let it coach another one, or play an announcement to it.

    Everything that can be refused comes first, so that a refused update changes nothing."""
    conference, participant = find_conference(request), _participant(request)
    hold_music, url = _hold_music(request), parameters.url(request, "AnnounceUrl", 21205)
    method = announce_method(request) if url else ""
    if request.has("Coaching") or request.has("CallSidToCoach"):
        _coach(request, conference, participant)
    if request.has("Muted"):
        participant.muted = parameters.boolean(request, "Muted")
        conference.notify("participant-mute" if participant.muted else "participant-unmute", participant)
    if request.has("Hold"):
        _hold(request, conference, participant, hold_music)
    if request.has("EndConferenceOnExit"):
        participant.end_on_exit = parameters.boolean(request, "EndConferenceOnExit")
        conference.notify("participant-modify", participant)
    if url:
        tasks = [play_to(request, participant, url, method)]
        request.state.spawn(announced(conference, tasks, url, participant))
    return as_resource(conference, participant)


def _coach(request: ApiRequest, conference: Conference, participant: Participant) -> None:
    """Start or stop coaching. A coach is heard only by the coached participant."""
    sid = request.text("CallSidToCoach") or participant.coached_sid
    coaching = parameters.boolean(request, "Coaching", default=bool(sid))
    if coaching and sid not in conference.participants:
        raise RestError(13240, detail=sid[:40] or "(missing)")
    participant.coached_sid = sid if coaching else ""
    conference.notify("participant-modify", participant)


def _hold_music(request: ApiRequest) -> Fetch | None:
    """HoldUrl and HoldMethod, or None if there is no HoldUrl or the participant is not put on hold."""
    url = parameters.url(request, "HoldUrl", 21205) if request.text("Hold").strip().lower() == "true" else ""
    return Fetch(url, parameters.method(request, "HoldMethod", default="GET")) if url else None


def _hold(request: ApiRequest, conference: Conference, participant: Participant, music: Fetch | None) -> None:
    participant.hold = parameters.boolean(request, "Hold")
    conference.notify("participant-hold" if participant.hold else "participant-unhold", participant)
    if participant.music:
        participant.music.cancel()
    if music:
        participant.music = play_to(request, participant, music.url, music.method)


def remove(request: ApiRequest) -> None:
    """Remove a participant from the conference, which ends the participant's <Dial> or cancels the call to it."""
    conference = find_conference(request)
    participant = _find(request, _participants(conference))
    if participant in conference.connecting:
        return participant.call.set_status("canceled")
    participant.leave_reason = "participant_updated_via_api"
    conference.leave(participant)


def as_resource(conference: Conference, participant: Participant) -> dict[str, Any]:
    call = participant.call
    status = {"queued": "queued", "ringing": "ringing", "in-progress": "connected"}.get(call.status, "complete")
    return {
        "account_sid": conference.account,
        "call_sid": call.sid,
        "call_sid_to_coach": participant.coached_sid or None,
        "coaching": bool(participant.coached_sid),
        "conference_sid": conference.sid,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "end_conference_on_exit": participant.end_on_exit,
        "hold": participant.hold,
        "label": participant.label or None,
        "muted": participant.muted,
        "queue_time": None,
        "start_conference_on_enter": participant.start_on_enter,
        "status": status,
        "uri": f"/2010-04-01/Accounts/{conference.account}/Conferences/{conference.sid}/Participants/{call.sid}.json",
    }


def _participants(conference: Conference) -> list[Participant]:
    """Everybody who is in the conference or is being called.

    https://www.twilio.com/docs/voice/api/conference-participant-resource (2026-11): "a participant who is either
    connecting to, or actively connected to, a conference" """
    called = [each for each in conference.connecting if each.call.status in ("queued", "ringing")]
    conference.connecting = called
    return [*conference.participants.values(), *called]


def _participant(request: ApiRequest) -> Participant:
    """The connected participant in the path. Raises RestError."""
    return _find(request, find_conference(request).participants.values())


def _find(request: ApiRequest, participants: Iterable[Participant]) -> Participant:
    """The participant in the path, found by call SID or label. Raises RestError."""
    sid_or_label = request.path("participant")
    for participant in participants:
        if sid_or_label in (participant.call.sid, participant.label):
            return participant
    raise not_found(request.http.path)
