"""Leave: takes the caller out of the queue in which they are waiting."""

from __future__ import annotations

from ringback.evidence import documented
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import End, Outcome
from ringback.verbs.registry import verb


@verb("Leave", documented("voice/twiml/leave"))
async def leave(session: VoiceSession, element: Element) -> Outcome:
    if session.allowed is None:
        session.warn(12200, element, "<Leave> has no effect outside the wait document of <Enqueue>")
        return None
    return End(leave=True)
