"""Reject: declines an incoming call."""

from __future__ import annotations

from ringback.evidence import documented
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import HANG_UP, End, Outcome
from ringback.verbs.registry import verb


@verb("Reject", documented("voice/twiml/reject"), attributes="reason", children="Parameter")
async def reject(session: VoiceSession, element: Element) -> Outcome:
    """Declines a ringing call. Hangs up a call that has already been answered."""
    if session.call.is_live:
        return HANG_UP
    return End("busy" if element.get("reason") == "busy" else "no-answer")
