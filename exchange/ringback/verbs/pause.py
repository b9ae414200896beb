"""Pause: waits in silence."""

from __future__ import annotations

from ringback.evidence import documented
from ringback.twiml.attribute_values import whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.registry import verb


@verb("Pause", documented("voice/twiml/pause"), attributes="length")
async def pause(session: VoiceSession, element: Element) -> Outcome:
    """Waits `length` seconds regardless of the pace, because apps use Pause to wait for something."""
    length = whole_number(session, element, "length", 1, 13910, minimum=1)
    item = session.audio.start_item("Pause", length=length)
    await session.audio.wait_in_silence(item, length)
    return None
