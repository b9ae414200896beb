"""Verbs the exchange knows by name only: said so in the debugger, and passed over."""

from __future__ import annotations

from ringback.twiml.interpreter import Outcome, Session
from ringback.twiml.parser import Element


async def refused(session: Session, element: Element) -> Outcome:
    refuse(session, element)
    return None


def refuse(session: Session, element: Element) -> None:
    inner = ", ".join(f"<{child.name}>" for child in element.elements())
    what = f"<{element.name}>" + (f" with {inner}" if inner else "")
    session.warn(12200, element, why=f"{what} is known, but not run by this exchange; it was passed over")
