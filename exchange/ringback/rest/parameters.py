"""Reads and validates parameters of common types. Invalid values raise RestError with the given code.

https://www.twilio.com/docs/usage/requests-to-twilio (2026-11)"""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import urlsplit

from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError

MAX_URL_CHARACTERS = 4000


def is_url(text: str) -> bool:
    """Whether this is an http or https URL with a host and at most 4,000 characters. Never raises."""
    try:
        parts = urlsplit(text.strip())
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and len(text) <= MAX_URL_CHARACTERS
            and parts.port != 0
        )
    except ValueError:
        return False


def url(request: ApiRequest, name: str, code: int) -> str:
    """The URL in a parameter, or "" if it is missing."""
    value = request.text(name).strip()
    if value and not is_url(value):
        raise RestError(code, detail=value[:200])
    return value


def method(request: ApiRequest, name: str, code: int = 21209, default: str = "POST") -> str:
    """GET or POST, or the default if the parameter is missing."""
    value = request.text(name).strip().upper() or default
    if value not in ("GET", "POST"):
        raise RestError(code, detail=value[:40])
    return value


def whole_number(request: ApiRequest, name: str, default: int, code: int, minimum: int, maximum: int) -> int:
    text = request.text(name).strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and minimum <= int(text) <= maximum):
        raise RestError(code, detail=text[:40])
    return int(text)


def one_of(request: ApiRequest, name: str, default: str, known: Container[str]) -> str:
    """One of a fixed set of values. Raises RestError with code 20001."""
    value = request.text(name).strip() or default
    if value not in known:
        raise RestError(20001, message=f"{name} cannot be {value[:40]!r}")
    return value


def boolean(request: ApiRequest, name: str, default: bool = False) -> bool:
    """True or False, or the default if the parameter is missing. Any other value gives the default, with a warning."""
    value = request.text(name).strip().lower()
    if value not in ("", "true", "false"):
        request.state.debugger.report(20001, detail=f"{name}={value[:40]} (it must be true or false)")
    return value == "true" if value in ("true", "false") else default
