"""An element's attributes as values; one that makes no sense takes its default, with a warning by Twilio's number."""

from __future__ import annotations

import re
from typing import Protocol

from exchange.twiml import Element

METHODS = {"GET", "POST"}
DIGITS = re.compile(r"[0-9]{1,9}")


class Warns(Protocol):
    def warn(self, code: int, element: Element, why: str = "") -> None: ...


def method(session: Warns, element: Element, code: int, name: str = "method", default: str = "POST") -> str:
    """GET or POST, in whatever case it was written."""
    written = element.get(name, default).strip().upper()
    if written in METHODS:
        return written
    session.warn(code, element, element.get(name))
    return default


def whole(session: Warns, element: Element, name: str, default: int, code: int, least: int = 0) -> int:
    """A whole number of at least `least`."""
    written = element.get(name).strip()
    if not written and name not in element.attributes:
        return default
    if DIGITS.fullmatch(written) and int(written) >= least:
        return int(written)
    session.warn(code, element, written or "nothing")
    return default


def truth(session: Warns, element: Element, name: str, default: bool, code: int) -> bool:
    """true or false."""
    written = element.get(name).strip().lower()
    if written in ("true", "false"):
        return written == "true"
    if name in element.attributes:
        session.warn(code, element, written or "nothing")
    return default
