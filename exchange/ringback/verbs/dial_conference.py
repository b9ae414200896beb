"""The Conference noun of Dial: connects the caller to a conference until the conference ends or the caller leaves.

https://www.twilio.com/docs/voice/twiml/conference (2026-11)"""

from __future__ import annotations

import asyncio
from asyncio import Queue
from contextlib import suppress

from ringback.calls.audio_path import CallerInput
from ringback.calls.bridge import relay_input
from ringback.calls.conferences import EVENT_SUBSCRIPTIONS, Conference
from ringback.calls.participant import Participant
from ringback.evidence import documented
from ringback.service.sids import SID
from ringback.twiml.attribute_values import boolean, keywords, method, whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Fetch, Outcome, Step
from ringback.verbs.dial_options import time_limit
from ringback.verbs.dial_targets import STATUS_CALLBACK
from ringback.verbs.hold_music import hold_music
from ringback.verbs.recording_attributes import RECORDING_CALLBACK, recording_options
from ringback.verbs.registry import noun as register_noun

WAIT_VERBS = frozenset({"Play", "Say", "Pause", "Redirect"})
FORBIDDEN_VERB_CODE = 13238
BEEP_VALUES = {"true", "false", "onEnter", "onExit"}
RECORD_VALUES = {"do-not-record": False, "false": False, "record-from-start": True, "true": True}
TRIM_VALUES = {"trim-silence", "do-not-trim", "true", "false"}
MAX_PARTICIPANTS = 250
MAX_NAME_CHARACTERS = 128
MAX_LABEL_CHARACTERS = 128


async def dial_conference(session: VoiceSession, dial: Element, noun: Element) -> Outcome:
    """Runs the wait document until the conference starts, then connects the caller.

    Returns Dial's action, or None to run the next verb."""
    name = noun.text()
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        session.warn(13237, noun, repr(name[:40]))
        return _action(session, dial, "failed")
    conference = session.state.conferences.get_or_create(session.call.plan.account, name)
    if len(conference.participants) >= whole_number(
        session, noun, "maxParticipants", MAX_PARTICIPANTS, 12200, minimum=1
    ):
        session.warn(16020, noun, name)
        return _action(session, dial, "failed")
    participant = _participant(session, noun, conference)
    _subscribe(session, conference, noun)
    _record(session, conference, noun)
    try:
        await _take_part(session, dial, noun, conference, participant)
    finally:
        conference.leave(participant)
        session.hangup_fetch = _action(session, dial, "answered")
    return session.hangup_fetch


def _action(session: VoiceSession, dial: Element, status: str) -> Fetch | None:
    if "action" not in dial.attributes:
        return None
    return session.fetch(dial.get("action"), method(session, dial, 13210), {"DialCallStatus": status})


async def _take_part(
    session: VoiceSession, dial: Element, noun: Element, conference: Conference, participant: Participant
) -> None:
    hangup_on_star = boolean(session, dial, "hangupOnStar", False, 13213)
    with session.audio.listen({"talk": {"with": conference.name}}) as inbox:
        waiting = asyncio.create_task(_wait(session, noun, conference))
        talking = asyncio.create_task(_talk(session, conference, inbox, hangup_on_star))
        leaving = asyncio.create_task(participant.left.wait())
        session.call.answer_inbound()
        conference.enter(participant)
        try:
            with suppress(TimeoutError):
                async with session.state.clock.deadline(time_limit(session, dial)):
                    await asyncio.wait({talking, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, talking, leaving):
                task.cancel()
            await asyncio.gather(waiting, talking, leaving, return_exceptions=True)


async def _talk(session: VoiceSession, conference: Conference, inbox: Queue[CallerInput], hangup_on_star: bool) -> None:
    call = session.call
    await relay_input(
        call, inbox, lambda: conference.listeners(call), hangup_on_star, lambda event: conference.on_input(call, event)
    )


async def _wait(session: VoiceSession, noun: Element, conference: Conference) -> None:
    """Runs the wait document until the conference starts.

    Without a waitUrl, plays music; with an empty one, plays nothing."""
    url = noun.get("waitUrl")
    http_method = method(session, noun, 13234, "waitMethod")
    playing: asyncio.Task[Step] | None = None
    if url:
        waiting = VoiceSession(session.state, session.call, WAIT_VERBS, FORBIDDEN_VERB_CODE)
        waiting.uses_fallback = False
        playing = asyncio.create_task(_run(waiting, session.fetch(url, http_method)))
    elif "waitUrl" not in noun.attributes:
        playing = asyncio.create_task(hold_music(session))
    try:
        while not conference.is_started:
            await conference.changed.wait()
    finally:
        if playing:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)


async def _run(session: VoiceSession, step: Step) -> Step:
    return await session.run(step)


def _participant(session: VoiceSession, noun: Element, conference: Conference) -> Participant:
    beep = noun.get("beep", "true")
    if beep not in BEEP_VALUES:
        session.warn(13235, noun, beep)
        beep = "true"
    return Participant(
        session.call,
        label=_label(session, noun, conference),
        muted=boolean(session, noun, "muted", False, 13230),
        start_on_enter=boolean(session, noun, "startConferenceOnEnter", True, 13232),
        end_on_exit=boolean(session, noun, "endConferenceOnExit", False, 13231),
        beep=beep,
        coached_sid=_coached_sid(session, noun, conference),
    )


def _label(session: VoiceSession, noun: Element, conference: Conference) -> str:
    """Returns the participantLabel, or "" after a warning if it is invalid or already taken."""
    label = noun.get("participantLabel")
    if len(label) > MAX_LABEL_CHARACTERS or "/" in label or SID.fullmatch(label):
        session.warn(16024, noun, label[:40])
        return ""
    if label and any(participant.label == label for participant in conference.participants.values()):
        session.warn(16025, noun, label)
        return ""
    return label


def _coached_sid(session: VoiceSession, noun: Element, conference: Conference) -> str:
    """Returns the call SID of the participant to coach, or "" after a warning if that call is not in the conference."""
    sid = noun.get("coach")
    if sid and sid not in conference.participants:
        session.warn(13240, noun, sid[:40])
        return ""
    return sid


def _record(session: VoiceSession, conference: Conference, noun: Element) -> None:
    """Sets the recording options of the conference, unless an earlier participant has set them."""
    value = noun.get("record", "false")
    if value not in RECORD_VALUES:
        session.warn(12200, noun, f"Conference: record must be record-from-start or do-not-record, not {value}")
    if noun.get("trim", "true") not in TRIM_VALUES:
        session.warn(13239, noun, noun.get("trim"))
    if RECORD_VALUES.get(value) and not conference.recording_options and not conference.recorder:
        conference.recording_options = recording_options(session, noun, "Conference", channels=2)
        callback = noun.get("eventCallbackUrl")
        conference.event_callback_url = session.absolute(callback) if callback else ""


def _subscribe(session: VoiceSession, conference: Conference, noun: Element) -> None:
    """Sets the conference's status callback. Like Twilio, uses only the first participant's."""
    if conference.participants or conference.callback or not noun.get("statusCallback"):
        return
    conference.callback = session.absolute(noun.get("statusCallback"))
    conference.callback_method = method(session, noun, 12200, "statusCallbackMethod")
    conference.events = keywords(session, noun, "statusCallbackEvent", "start end", EVENT_SUBSCRIPTIONS.values())


register_noun(
    "Conference",
    documented("voice/twiml/conference"),
    attributes="muted beep startConferenceOnEnter endConferenceOnExit waitUrl waitMethod maxParticipants record region "
    f"coach trim {STATUS_CALLBACK} {RECORDING_CALLBACK} eventCallbackUrl jitterBufferSize participantLabel "
    "recordingConfigurationId",
    without_effect="region jitterBufferSize recordingConfigurationId",
)
