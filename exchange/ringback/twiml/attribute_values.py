"""Reads the attributes of an element. An invalid value is reported as a warning and replaced by the default.

https://www.twilio.com/docs/api/errors/12200 (2026-11)"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Protocol

from ringback.twiml.parser import Element

GENERIC_WARNING = 12200  # the schema warning: https://www.twilio.com/docs/api/errors/12200 (2026-11)
METHODS = {"GET", "POST"}
DIGITS = re.compile(r"[0-9]{1,9}")


class WarningSink(Protocol):
    def warn(self, code: int, element: Element, detail: str = "") -> None: ...


def method(session: WarningSink, element: Element, code: int, name: str = "method", default: str = "POST") -> str:
    """Returns "GET" or "POST"; the attribute is case-insensitive."""
    value = element.get(name, default).strip().upper()
    if value in METHODS:
        return value
    _warn_invalid(session, element, name, code)
    return default


def whole_number(session: WarningSink, element: Element, name: str, default: int, code: int, minimum: int = 0) -> int:
    """Returns an integer that is at least `minimum`."""
    value = element.get(name).strip()
    if not value and name not in element.attributes:
        return default
    if DIGITS.fullmatch(value) and int(value) >= minimum:
        return int(value)
    _warn_invalid(session, element, name, code)
    return default


def boolean(session: WarningSink, element: Element, name: str, default: bool, code: int) -> bool:
    """Returns the value of an attribute that is "true" or "false", ignoring case."""
    value = element.get(name).strip().lower()
    if value in ("true", "false"):
        return value == "true"
    if name in element.attributes:
        _warn_invalid(session, element, name, code)
    return default


def keywords(session: WarningSink, element: Element, name: str, default: str, known: Container[str]) -> frozenset[str]:
    """Returns the words of a space-separated attribute that are in `known`, or the default if there are none."""
    words = element.get(name, default).split()
    if unknown := [word for word in words if word not in known]:
        session.warn(GENERIC_WARNING, element, f"{element.name}: {name} cannot be {', '.join(unknown)[:100]}")
    return frozenset(word for word in words if word in known) or frozenset(default.split())


def _warn_invalid(session: WarningSink, element: Element, name: str, code: int) -> None:
    """Reports an invalid value. The generic warning also names the attribute."""
    value = element.get(name).strip() or "(empty)"
    session.warn(code, element, f"{element.name}: {name} cannot be {value}" if code == GENERIC_WARNING else value)
