"""Lists as REST hands them out: a page at a time, with the addresses of the next and the one before."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlencode

from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError

Row = TypeVar("Row")
DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000
PAGING = {"Page", "PageSize", "PageToken"}


def page(request: ApiRequest, collection: str, rows: list[Row], show: Any) -> dict[str, Any]:
    """One page of rows, newest first as the caller ordered them. `show` turns a row into its resource.

    A PageToken names the last row of the page before, so that new rows do not shift those that follow."""
    shown, start, about = _slice(request, rows, show)
    uris = {name.replace("url", "uri"): value for name, value in about.items()}
    return {collection: shown, "start": start, "end": max(start, start + len(shown) - 1)} | uris


def page_with_meta(request: ApiRequest, collection: str, rows: list[Row], show: Any) -> dict[str, Any]:
    """The same, as products younger than 2010-04-01 write it: in `meta`, and with whole addresses."""
    shown, _, about = _slice(request, rows, show)
    origin = str(request.http.url.origin())
    meta = {name: origin + value if isinstance(value, str) else value for name, value in about.items()}
    return {collection: shown, "meta": meta | {"key": collection}}


def _slice(request: ApiRequest, rows: list[Row], show: Any) -> tuple[list[dict[str, Any]], int, dict[str, Any]]:
    """The rows shown, where they begin, and which page that is of which."""
    size, number = _size(request), _whole(request, "Page", 0)
    start = _start(request, rows, size, number)
    shown = [show(row) for row in rows[start : start + size]]
    last = shown[-1]["sid"] if shown and "sid" in shown[-1] else ""
    more = len(rows) > start + size
    about = {
        "first_page_url": _url(request, size, 0),
        "next_page_url": _url(request, size, number + 1, f"PA{last}") if more else None,
        "previous_page_url": _url(request, size, number - 1) if number else None,
        "url": _url(request, size, number),
        "page": number,
        "page_size": size,
    }
    return shown, start, about


def _size(request: ApiRequest) -> int:
    size = _whole(request, "PageSize", DEFAULT_PAGE_SIZE)
    if size > MAX_PAGE_SIZE:
        raise RestError(20007)
    return max(size, 1)


def _start(request: ApiRequest, rows: list[Row], size: int, number: int) -> int:
    token = request.query.get("PageToken", "")
    if not token:
        return number * size
    for place, row in enumerate(rows):
        if token == f"PA{getattr(row, 'sid', '')}":
            return place + 1
    raise RestError(21481, detail=token[:40])


def _whole(request: ApiRequest, name: str, default: int) -> int:
    written = request.query.get(name, "")
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else default


def _url(request: ApiRequest, size: int, number: int, token: str = "") -> str:
    kept = [(name, value) for name, value in request.query.items() if name not in PAGING]
    paging = [("PageSize", str(size)), ("Page", str(number))] + ([("PageToken", token)] if token else [])
    return f"{request.http.path}?{urlencode(kept + paging)}"
