"""Pause: silence."""

from __future__ import annotations

from ringback.twiml.attributes import whole
from ringback.twiml.interpreter import Session
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.registry import verb


@verb("Pause", attributes="length")
async def pause(session: Session, element: Element) -> Outcome:
    """Silence. It takes its real time whatever the pace, as it is used to wait."""
    length = whole(session, element, "length", 1, 13910, least=1)
    item = session.line.hear("Pause", length=length)
    await session.line.silent(item, length)
    return None
