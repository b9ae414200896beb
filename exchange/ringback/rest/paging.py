"""Paging of lists: one page of rows, with the URLs of the next and previous pages.

https://www.twilio.com/docs/usage/twilios-response (2026-11)"""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlencode

from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError

Row = TypeVar("Row")
DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000
PAGING_PARAMETERS = {"Page", "PageSize", "PageToken"}


def page(request: ApiRequest, collection: str, rows: list[Row], as_resource: Any) -> dict[str, Any]:
    """One page of rows, in order, in the format of the 2010-04-01 API.

    `as_resource` converts a row to JSON. The PageToken contains the SID of the last row on the previous page and the
    number of rows after it, so that rows added or deleted in the meantime do not shift the following pages."""
    resources, start, fields = _slice(request, rows, as_resource)
    uris = {name.replace("url", "uri"): value for name, value in fields.items()}
    return {collection: resources, "start": start, "end": max(start, start + len(resources) - 1)} | uris


def page_with_meta(request: ApiRequest, collection: str, rows: list[Row], as_resource: Any) -> dict[str, Any]:
    """One page in the format of the newer APIs: the paging fields are in `meta`, with full URLs."""
    resources, _, fields = _slice(request, rows, as_resource)
    origin = str(request.http.url.origin())
    meta = {name: origin + value if isinstance(value, str) else value for name, value in fields.items()}
    return {collection: resources, "meta": meta | {"key": collection}}


def _slice(request: ApiRequest, rows: list[Row], as_resource: Any) -> tuple[list[dict[str, Any]], int, dict[str, Any]]:
    """Returns the page's resources, the index of the first one, and the paging fields."""
    size, number = _page_size(request), _whole_number(request, "Page", 0)
    start = _start(request, rows, size, number)
    resources = [as_resource(row) for row in rows[start : start + size]]
    has_next = len(rows) > start + size
    fields = {
        "first_page_url": _url(request, size, 0),
        "next_page_url": _url(request, size, number + 1, _token(rows, start + size)) if has_next else None,
        "previous_page_url": _url(request, size, number - 1) if number else None,
        "url": _url(request, size, number),
        "page": number,
        "page_size": size,
    }
    return resources, start, fields


def _page_size(request: ApiRequest) -> int:
    size = _whole_number(request, "PageSize", DEFAULT_PAGE_SIZE)
    if size > MAX_PAGE_SIZE:
        raise RestError(20007)
    return max(size, 1)


def _token(rows: list[Row], start: int) -> str:
    """The PageToken of the page that starts with this row: the SID of the row before it, and how many rows are left."""
    return f"PA{_sid(rows[start - 1])}-{len(rows) - start}"


def _start(request: ApiRequest, rows: list[Row], size: int, number: int) -> int:
    """The index of the page's first row. If the row in the PageToken is gone, the token's count of later rows decides.

    A row is gone if it was deleted or no longer matches the filters. Some rows have no SID."""
    token = request.query.get("PageToken", "")
    if not token:
        return number * size
    sid, _, left = token.removeprefix("PA").partition("-")
    for index, row in enumerate(rows):
        if sid and sid == _sid(row):
            return index + 1
    if left.isascii() and left.isdigit() and len(left) < 10:
        return max(0, len(rows) - int(left))
    raise RestError(21481, detail=token[:40])


def _sid(row: object) -> str:
    return getattr(row, "sid", "")


def _whole_number(request: ApiRequest, name: str, default: int) -> int:
    text = request.query.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise RestError(20001, message=f"{name} must be a whole number, not {text[:40]!r}")
    return int(text) if text else default


def _url(request: ApiRequest, size: int, number: int, token: str = "") -> str:
    filters = [(name, value) for name, value in request.query.items() if name not in PAGING_PARAMETERS]
    paging = [("PageSize", str(size)), ("Page", str(number))] + ([("PageToken", token)] if token else [])
    return f"{request.http.path}?{urlencode(filters + paging)}"
