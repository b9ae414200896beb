"""Hangup: ends the call."""

from __future__ import annotations

from ringback.evidence import documented
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import HANG_UP, Outcome
from ringback.verbs.registry import verb


@verb("Hangup", documented("voice/twiml/hangup"), children="Parameter")
async def hangup(session: VoiceSession, element: Element) -> Outcome:
    return HANG_UP
