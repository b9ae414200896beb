"""Dial: rings other phones and connects the first one that answers.

https://www.twilio.com/docs/voice/twiml/dial (2026-11)"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from ringback.account.sip_uris import is_sip
from ringback.calls.bridge import bridge
from ringback.calls.call import SIP_CODES, CallRecorder
from ringback.calls.call_plan import CallPlan
from ringback.evidence import documented
from ringback.twiml.attribute_values import boolean, method, whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Fetch, Outcome
from ringback.verbs.dial_conference import dial_conference
from ringback.verbs.dial_leg import DialLeg
from ringback.verbs.dial_options import DialOptions, dial_options, time_limit
from ringback.verbs.dial_queue import dial_queue
from ringback.verbs.dial_targets import (
    DialTarget,
    detection_callback,
    dial_targets,
    send_digits,
    status_callback,
    whisper_parameters,
)
from ringback.verbs.recording_attributes import RECORDING_CALLBACK, recording_options
from ringback.verbs.registry import verb

ATTRIBUTES = (
    "action method timeout hangupOnStar timeLimit callerId callReason record trim recordingTrack answerOnBridge "
    f"ringTone sequential referUrl referMethod events passports recordingConfigurationId {RECORDING_CALLBACK}"
)
RECORD_VALUES = {  # when the recording starts ("" for never), and how many channels it has
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
    """One running Dial with its legs and its DialCallStatus.

    `changed` is set when a leg changes. `winner` is the leg that is connected."""

    session: VoiceSession
    element: Element
    timeout: int
    legs: list[DialLeg] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    winner: DialLeg | None = None
    bridged: bool = False
    recorder: CallRecorder | None = None
    status: str = "failed"
    referred_to: str = ""  # the target of a REFER from the connected SIP endpoint

    def refer(self, target: str) -> bool:
        """Accepts a REFER from the connected SIP endpoint. Returns False if the app has set no referUrl."""
        if not self.element.get("referUrl"):
            self.session.warn(13802, self.element)
            return False
        self.referred_to = target
        self.changed.set()
        return True

    def parameters(self) -> dict[str, str]:
        """Returns the parameters of the action request."""
        leg = self.winner or (self.legs[-1] if self.legs else None)
        parameters = {"DialCallStatus": self.status, "DialBridged": "true" if self.bridged else "false"}
        if leg:
            parameters["DialCallSid"] = leg.call.sid
        if leg and leg.call.plan.sip_call_id:
            parameters["DialSipCallId"] = leg.call.plan.sip_call_id
            parameters["DialSipResponseCode"] = "200" if leg.call.answered else SIP_CODES[leg.call.status]
        if leg and not leg.redirected_away and (seconds := leg.call.duration()) is not None:
            parameters["DialCallDuration"] = str(seconds)
        if self.recorder and not self.recorder.recording.is_empty:
            parameters["RecordingUrl"] = self.recorder.recording.url
        return parameters


@verb(
    "Dial",
    documented("voice/twiml/dial"),
    attributes=ATTRIBUTES,
    children="Number Client Sip Sim Conference Queue Application WhatsApp",
    without_effect="events passports recordingConfigurationId",
)
async def dial(session: VoiceSession, element: Element) -> Outcome:
    """Rings, connects, and waits until the calls are disconnected. Returns the action, or None to run the next verb."""
    for noun in element.elements():
        if noun.name == "Conference":
            return await dial_conference(session, element, noun)
        if noun.name == "Queue":
            return await dial_queue(session, element, noun)
    attempt = DialAttempt(session, element, whole_number(session, element, "timeout", 30, 13212, minimum=1))
    try:
        await _connect(attempt)
    finally:
        _release_legs(attempt)
        action = _action(attempt)
        session.hangup_fetch = action
    return action


def _action(attempt: DialAttempt) -> Fetch | None:
    session, element = attempt.session, attempt.element
    if attempt.referred_to:
        http_method = method(session, element, 13210, "referMethod")
        return session.fetch(element.get("referUrl"), http_method, {"ReferTransferTarget": attempt.referred_to})
    if "action" not in element.attributes:
        return None
    return session.fetch(element.get("action"), method(session, element, 13210), attempt.parameters())


def _release_legs(attempt: DialAttempt) -> None:
    """Ends every leg and the recording, and sets the DialCallStatus."""
    for leg in attempt.legs:
        leg.release()
    last = attempt.winner or (attempt.legs[-1] if attempt.legs else None)
    if last:
        attempt.status = _status(attempt, last)
    attempt.session.call.dial_status = attempt.status
    if attempt.recorder:
        attempt.recorder.close(after=attempt.session.call.wait_for_next_document)


def _status(attempt: DialAttempt, last: DialLeg) -> str:
    """Returns the DialCallStatus. "completed" requires a bridge: hanging up during the whisper is "no-answer"."""
    if attempt.bridged:
        return "completed"
    return "no-answer" if last.call.answered else last.call.status


async def _connect(attempt: DialAttempt) -> None:
    session, element = attempt.session, attempt.element
    targets = dial_targets(session, element)
    options = dial_options(session, element, targets)
    if not targets or options is None:
        return
    _record(attempt, "ringing")
    ringing = session.audio.start_item(
        "Ring", to=", ".join(target.address for target in targets), tone=options.ring_tone
    )
    try:
        attempt.winner = await _first_ready_leg(attempt, targets, options)
    finally:
        session.audio.end_item(ringing)
    if attempt.winner:
        await _bridge(attempt, attempt.winner)


async def _first_ready_leg(attempt: DialAttempt, targets: list[DialTarget], options: DialOptions) -> DialLeg | None:
    """Returns the first leg that is ready to be bridged, or None. Rings all targets at once, or in sequence."""
    sequential = boolean(attempt.session, attempt.element, "sequential", False, 13218)
    groups = [[target] for target in targets] if sequential else [targets]
    for group in groups:
        legs = [_start_leg(attempt, target, options) for target in group]
        attempt.legs += legs
        while not all(leg.gone for leg in legs):
            _cancel_other_legs(legs)
            for leg in legs:
                if leg.ready and not leg.released.is_set():
                    return leg
            attempt.changed.clear()
            await attempt.changed.wait()
    return None


def _cancel_other_legs(legs: list[DialLeg]) -> None:
    """Ends all other legs once one has been answered, even legs that have been answered at the same moment."""
    answered = next((leg for leg in legs if leg.call.is_live), None)
    for leg in legs:
        if answered and leg is not answered:
            leg.release()


async def _bridge(attempt: DialAttempt, leg: DialLeg) -> None:
    session, element = attempt.session, attempt.element
    session.call.answer_inbound()
    attempt.bridged = True
    _record(attempt, "answer")
    hangup_on_star = boolean(session, element, "hangupOnStar", False, 13213)
    bridging = asyncio.create_task(bridge(session.call, leg.call, hangup_on_star))
    try:
        with suppress(TimeoutError):
            async with session.state.clock.deadline(time_limit(session, element)):
                await _until_disconnected(bridging, leg, attempt)
    finally:
        bridging.cancel()
        await asyncio.gather(bridging, return_exceptions=True)


async def _until_disconnected(bridging: asyncio.Task[None], leg: DialLeg, attempt: DialAttempt) -> None:
    leg.call.on_refer = attempt.refer if is_sip(leg.call.plan.handset) else None
    while not leg.gone and not bridging.done() and not attempt.referred_to:
        attempt.changed.clear()
        change = asyncio.create_task(attempt.changed.wait())
        try:
            await asyncio.wait({bridging, change}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            change.cancel()


def _record(attempt: DialAttempt, moment: str) -> None:
    """Starts the recording if `record` names this moment. Channel 1 is the caller, channel 2 what the caller hears."""
    session, element = attempt.session, attempt.element
    value = element.get("record", "false")
    if value not in RECORD_VALUES and moment == "ringing":
        session.warn(13217, element, value)
    start, channels = RECORD_VALUES.get(value, ("", 1))
    if start == moment:
        attempt.recorder = CallRecorder(session.call, recording_options(session, element, "DialVerb", channels))


def _start_leg(attempt: DialAttempt, target: DialTarget, options: DialOptions) -> DialLeg:
    session, noun = attempt.session, target.noun
    parent = session.call.plan
    plan = CallPlan(
        from_=options.caller_id,
        to=target.address,
        direction="outbound-dial",
        handset=target.address,
        account=parent.account,
        parent=session.call.sid,
        callbacks=[status_callback(session, noun)],
        machine_detection=noun.get("machineDetection"),
        amd_callback=detection_callback(session, noun),
        hidden=parent.hidden,
        own_numbers_passed=parent.own_numbers_passed,
        extra=target.delivered if noun.name == "Client" else {},
        delivered=target.delivered,
        reason=options.call_reason,
        sip_call_id=target.sip_call_id,
    )
    whisper = None
    if noun.get("url"):
        whisper = session.fetch(noun.get("url"), method(session, noun, 13221), whisper_parameters(target))
    return DialLeg(session.state, plan, attempt.timeout, attempt.changed.set, whisper, send_digits(session, noun))
