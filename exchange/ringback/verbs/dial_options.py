"""Attributes of Dial: the time limit, and what the phones show or play (caller ID, call reason and ring tone).

https://www.twilio.com/docs/voice/twiml/dial (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass

from ringback.account.phone_numbers import CLIENT, dialable_number
from ringback.account.sip_uris import CALLER_ID
from ringback.twiml.attribute_values import whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.verbs.dial_targets import DialTarget

MAX_REASON_CHARACTERS = 50
MAX_SECONDS = 14400  # unless timeLimit is set
RING_TONES = (
    "at au bg br be ch cl cn cz de dk ee es fi fr gr hu il in it lt jp mx my nl no nz ph pl pt ru se sg th uk us "
    "us-old tw ve za"
)


@dataclass(frozen=True)
class DialOptions:
    caller_id: str
    call_reason: str = ""
    ring_tone: str = ""  # "" for the carrier's own tone


def time_limit(session: VoiceSession, dial: Element) -> int:
    """Returns the seconds after which Dial disconnects the caller, whatever the caller is connected to."""
    return whole_number(session, dial, "timeLimit", MAX_SECONDS, 13216, minimum=1)


def dial_options(session: VoiceSession, element: Element, targets: list[DialTarget]) -> DialOptions | None:
    """Returns the options, or None after a warning if the app may not use this callerId."""
    caller_id = _caller_id(session, element, targets)
    if caller_id is None:
        return None
    reason, tone = element.get("callReason").strip(), element.get("ringTone").strip().lower()
    if len(reason) > MAX_REASON_CHARACTERS:
        session.warn(12200, element, f"Dial: callReason has {len(reason)} characters; the limit is 50")
    if tone and tone not in RING_TONES.split():
        session.warn(13220, element, tone[:40])
    return DialOptions(caller_id, reason[:MAX_REASON_CHARACTERS], tone if tone in RING_TONES.split() else "")


def _caller_id(session: VoiceSession, element: Element, targets: list[DialTarget]) -> str | None:
    """Returns the caller ID, or None after a warning. It may be any name if all targets are SIP addresses; otherwise
    it must be a number that the app may use.

    A client that calls a number needs a callerId: https://www.twilio.com/docs/api/errors/13214 (2026-11)"""
    plan = session.call.plan
    given = element.get("callerId").strip()
    caller_id = dialable_number(given) or (plan.to if plan.parent else plan.from_)
    calls_number = any(target.noun.name == "Number" for target in targets) and not plan.hidden
    if CLIENT.fullmatch(caller_id) and calls_number:
        session.warn(13214, element, f"{caller_id}, of a client that calls a number,")
        return None
    if not given:
        return caller_id
    if caller_id in (plan.from_, plan.to) or session.state.may_be_caller_id(caller_id):
        return caller_id
    if targets and all(target.noun.name == "Sip" for target in targets) and CALLER_ID.fullmatch(given):
        return given
    session.warn(13214, element, caller_id)
    return None
