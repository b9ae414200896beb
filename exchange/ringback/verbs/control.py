"""Redirect, Hangup, Reject and Leave: where the call goes next."""

from __future__ import annotations

from ringback.twiml.attributes import method
from ringback.twiml.interpreter import HANG_UP, End, Outcome, Session
from ringback.twiml.parser import Element


async def redirect(session: Session, element: Element) -> Outcome:
    return session.fetch(element.text(), method(session, element, 13710))


async def hangup(session: Session, element: Element) -> Outcome:
    return HANG_UP


async def reject(session: Session, element: Element) -> Outcome:
    """Turn a ringing call away unanswered; one that was answered already is simply ended."""
    if session.call.live:
        return HANG_UP
    return End("busy" if element.get("reason") == "busy" else "no-answer")


async def leave(session: Session, element: Element) -> Outcome:
    if session.allowed is None:
        session.warn(12200, element, why="<Leave> only means something in an Enqueue's wait document")
        return None
    return End(leave=True)
