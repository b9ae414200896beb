"""Dial: other phones are rung, and the first to answer is connected."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from ringback.account.phone_numbers import normalize_number
from ringback.calls.bridge import bridge
from ringback.calls.call import CallRecorder
from ringback.calls.dial_leg import DialLeg
from ringback.calls.plan import CallPlan
from ringback.twiml.attributes import boolean, method, whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Fetch, Outcome
from ringback.verbs.dial_conference import dial_conference
from ringback.verbs.dial_queue import dial_queue
from ringback.verbs.dial_targets import detection_callback, dial_targets, status_callback
from ringback.verbs.recording_attributes import RECORDING_CALLBACK, recording_options
from ringback.verbs.registry import verb

ATTRIBUTES = (
    "action method timeout hangupOnStar timeLimit callerId callReason record trim recordingTrack answerOnBridge "
    f"ringTone sequential referUrl referMethod events passports recordingConfigurationId {RECORDING_CALLBACK}"
)
RECORD_VALUES = {  # from when, and on how many channels
    "do-not-record": ("", 1),
    "false": ("", 1),
    "true": ("answer", 1),
    "record-from-answer": ("answer", 1),
    "record-from-answer-dual": ("answer", 2),
    "record-from-ringing": ("ringing", 1),
    "record-from-ringing-dual": ("ringing", 2),
}


@dataclass
class DialAttempt:
    """One Dial under way: what it asks for, its legs, and what became of it."""

    session: VoiceSession
    element: Element
    timeout: int
    legs: list[DialLeg] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    winner: DialLeg | None = None
    bridged: bool = False
    recorder: CallRecorder | None = None
    status: str = "failed"

    def parameters(self) -> dict[str, str]:
        """What the action is told."""
        leg = self.winner or (self.legs[-1] if self.legs else None)
        parameters = {"DialCallStatus": self.status, "DialBridged": "true" if self.bridged else "false"}
        if leg:
            parameters["DialCallSid"] = leg.call.sid
        if leg and not leg.redirected_away and (seconds := leg.call.duration()) is not None:
            parameters["DialCallDuration"] = str(seconds)
        if self.recorder and not self.recorder.recording.is_empty:
            parameters["RecordingUrl"] = self.recorder.recording.url
        return parameters


@verb(
    "Dial",
    attributes=ATTRIBUTES,
    children="Number Client Sip Sim Conference Queue Application WhatsApp",
    without_effect="callReason ringTone referUrl referMethod events passports recordingConfigurationId",
)
async def dial(session: VoiceSession, element: Element) -> Outcome:
    """Ring, connect and wait until they part. With an action the call goes on there, otherwise with the next verb."""
    for noun in element.elements():
        if noun.name == "Conference":
            return await dial_conference(session, element, noun)
        if noun.name == "Queue":
            return await dial_queue(session, element, noun)
    dialling = DialAttempt(session, element, whole_number(session, element, "timeout", 30, 13212, minimum=1))
    try:
        await _connect(dialling)
    finally:
        _release_legs(dialling)
        action = _action(dialling)
        session.hangup_fetch = action
    return action


def _action(dialling: DialAttempt) -> Fetch | None:
    session, element = dialling.session, dialling.element
    if "action" not in element.attributes:
        return None
    return session.fetch(element.get("action"), method(session, element, 13210), dialling.parameters())


def _release_legs(dialling: DialAttempt) -> None:
    """Let every leg go and say what became of the whole."""
    for leg in dialling.legs:
        leg.release()
    last = dialling.winner or (dialling.legs[-1] if dialling.legs else None)
    if last:
        dialling.status = _status(dialling, last)
    dialling.session.call.dial_status = dialling.status
    if dialling.recorder:
        dialling.recorder.close(after=dialling.session.call.wait_for_next_document)


def _status(dialling: DialAttempt, last: DialLeg) -> str:
    """Twilio's "completed" is: answered, and connected to the caller. Who refused in a whisper was not connected."""
    if dialling.bridged:
        return "completed"
    return "no-answer" if last.call.answered else last.call.status


async def _connect(dialling: DialAttempt) -> None:
    session, element = dialling.session, dialling.element
    targets = dial_targets(session, element)
    caller_id = _caller_id(session, element)
    if not targets or caller_id is None:
        return
    _record(dialling, "ringing")
    ringing = session.audio.start_item("Ring", to=", ".join(number for number, _ in targets))
    try:
        dialling.winner = await _first_answered_leg(dialling, targets, caller_id)
    finally:
        session.audio.end_item(ringing)
    if dialling.winner:
        await _talk(dialling, dialling.winner)


async def _first_answered_leg(
    dialling: DialAttempt, targets: list[tuple[str, Element]], caller_id: str
) -> DialLeg | None:
    """The leg that is ready to talk. One after the other if asked for, otherwise all at once."""
    sequential = boolean(dialling.session, dialling.element, "sequential", False, 13218)
    waves = [[target] for target in targets] if sequential else [targets]
    for wave in waves:
        legs = [_start_leg(dialling, number, noun, caller_id) for number, noun in wave]
        dialling.legs += legs
        while not all(leg.gone for leg in legs):
            _cancel_other_legs(legs)
            for leg in legs:
                if leg.ready:
                    return leg
            dialling.changed.clear()
            await dialling.changed.wait()
    return None


def _cancel_other_legs(legs: list[DialLeg]) -> None:
    """Once one has picked up, the rest need not ring any longer."""
    if any(leg.call.is_live for leg in legs):
        for leg in legs:
            if not leg.call.is_live:
                leg.release()


async def _talk(dialling: DialAttempt, leg: DialLeg) -> None:
    session, element = dialling.session, dialling.element
    session.call.answer_inbound()
    dialling.bridged = True
    _record(dialling, "answer")
    star = boolean(session, element, "hangupOnStar", False, 13213)
    limit = whole_number(session, element, "timeLimit", 14400, 13216, minimum=1)
    talking = asyncio.create_task(bridge(session.call, leg.call, star))
    try:
        with suppress(TimeoutError):
            async with session.state.clock.deadline(limit):
                await _until_disconnected(talking, leg, dialling.changed)
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)


async def _until_disconnected(talking: asyncio.Task[None], leg: DialLeg, changed: asyncio.Event) -> None:
    while not leg.gone and not talking.done():
        changed.clear()
        waiting = asyncio.create_task(changed.wait())
        try:
            await asyncio.wait({talking, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()


def _record(dialling: DialAttempt, moment: str) -> None:
    """Start recording, if from this moment: the first channel is the caller, the second what they hear."""
    session, element = dialling.session, dialling.element
    written = element.get("record", "false")
    if written not in RECORD_VALUES and moment == "ringing":
        session.warn(13217, element, written)
    start, channels = RECORD_VALUES.get(written, ("", 1))
    if start == moment:
        dialling.recorder = CallRecorder(session.call, recording_options(session, element, "DialVerb", channels))


def _caller_id(session: VoiceSession, element: Element) -> str | None:
    """The number that is shown: the caller's own, unless the app asks for another it may show."""
    plan = session.call.plan
    written = normalize_number(element.get("callerId"))
    if not written:
        return plan.from_ if plan.direction == "inbound" else plan.to if plan.parent else plan.from_
    if written in (plan.from_, plan.to) or session.state.may_be_caller_id(written):
        return written
    session.warn(13214, element, written)
    return None


def _start_leg(dialling: DialAttempt, number: str, noun: Element, caller_id: str) -> DialLeg:
    session = dialling.session
    parent = session.call.plan
    plan = CallPlan(
        from_=caller_id,
        to=number,
        direction="outbound-dial",
        handset=number,
        account=parent.account,
        parent=session.call.sid,
        callbacks=[status_callback(session, noun)],
        machine_detection=noun.get("machineDetection"),
        amd_callback=detection_callback(session, noun),
        hidden=parent.hidden,
        own_numbers_passed=parent.own_numbers_passed,
    )
    whisper = session.fetch(noun.get("url"), method(session, noun, 13221)) if noun.get("url") else None
    tones = noun.get("sendDigits")
    return DialLeg(session.state, plan, dialling.timeout, dialling.changed.set, whisper, tones)
