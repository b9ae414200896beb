"""What REST checks of parameters that several resources share."""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import urlsplit

from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError

MAX_URL_CHARACTERS = 4000


def is_url(text: str) -> bool:
    """An http or https address with a host that DNS allows."""
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
    """A parameter that is an address, or "" when it was not given."""
    written = request.text(name).strip()
    if written and not is_url(written):
        raise RestError(code, detail=written[:200])
    return written


def method(request: ApiRequest, name: str, code: int = 21209, default: str = "POST") -> str:
    written = request.text(name).strip().upper() or default
    if written not in ("GET", "POST"):
        raise RestError(code, detail=written[:40])
    return written


def whole_number(request: ApiRequest, name: str, default: int, code: int, least: int, most: int) -> int:
    written = request.text(name).strip()
    if not written:
        return default
    if not (written.isascii() and written.isdigit() and len(written) < 10 and least <= int(written) <= most):
        raise RestError(code, detail=written[:40])
    return int(written)


def one_of(request: ApiRequest, name: str, default: str, known: Container[str]) -> str:
    """A word of a few."""
    written = request.text(name).strip() or default
    if written not in known:
        raise RestError(20001)
    return written


def boolean(request: ApiRequest, name: str, default: bool = False) -> bool:
    written = request.text(name).strip().lower()
    return written == "true" if written in ("true", "false") else default
