"""Leave: the caller leaves the queue they wait in."""

from __future__ import annotations

from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import End, Outcome
from ringback.verbs.registry import verb


@verb("Leave")
async def leave(session: VoiceSession, element: Element) -> Outcome:
    if session.allowed is None:
        session.warn(12200, element, why="<Leave> only means something in an Enqueue's wait document")
        return None
    return End(leave=True)
