"""An element's attributes as values; one that makes no sense takes its default, with a warning by Twilio's number."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Protocol

from ringback.twiml.parser import Element

GENERIC_WARNING = 12200  # Twilio's number for whatever has none of its own
METHODS = {"GET", "POST"}
DIGITS = re.compile(r"[0-9]{1,9}")


class WarningSink(Protocol):
    def warn(self, code: int, element: Element, why: str = "") -> None: ...


def method(session: WarningSink, element: Element, code: int, name: str = "method", default: str = "POST") -> str:
    """GET or POST, in whatever case it was written."""
    written = element.get(name, default).strip().upper()
    if written in METHODS:
        return written
    _warn_invalid(session, element, name, code)
    return default


def whole_number(session: WarningSink, element: Element, name: str, default: int, code: int, least: int = 0) -> int:
    """A whole number of at least `least`."""
    written = element.get(name).strip()
    if not written and name not in element.attributes:
        return default
    if DIGITS.fullmatch(written) and int(written) >= least:
        return int(written)
    _warn_invalid(session, element, name, code)
    return default


def boolean(session: WarningSink, element: Element, name: str, default: bool, code: int) -> bool:
    """true or false."""
    written = element.get(name).strip().lower()
    if written in ("true", "false"):
        return written == "true"
    if name in element.attributes:
        _warn_invalid(session, element, name, code)
    return default


def keywords(session: WarningSink, element: Element, name: str, default: str, known: Container[str]) -> frozenset[str]:
    """Some of the known words, separated by spaces; what is not one of them is left out."""
    written = element.get(name, default).split()
    if unknown := [word for word in written if word not in known]:
        session.warn(GENERIC_WARNING, element, f"{element.name}: {name} cannot be {', '.join(unknown)[:100]}")
    return frozenset(word for word in written if word in known) or frozenset(default.split())


def _warn_invalid(session: WarningSink, element: Element, name: str, code: int) -> None:
    """Warn of a value. A number that is not this attribute's own says which one it is."""
    written = element.get(name).strip() or "nothing"
    session.warn(code, element, f"{element.name}: {name} cannot be {written}" if code == GENERIC_WARNING else written)
