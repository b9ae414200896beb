"""Helpers for requests to the JSON APIs: routes, bodies, fields and refusals."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

from ringback.state import State

JsonHandler = Callable[[State, web.Request], Awaitable[web.StreamResponse]]
"""Handles one request. May raise RequestRefused."""


def add_route(
    app: web.Application, state: State, method: str, path: str, handler: JsonHandler, query: tuple[str, ...] = ()
) -> None:
    """Add a route whose handler also receives the state. `query` names the parameters that the query may have."""

    async def checked(request: web.Request) -> web.StreamResponse:
        _check_names("query parameter", request.query, query)
        return await handler(state, request)

    app.router.add_route(method, path, checked)


def _check_names(kind: str, names: Iterable[str], known: tuple[str, ...]) -> None:
    """Raises RequestRefused if a name is not in `known`. A silently ignored field would hide a mistake."""
    for name in names:
        if name not in known:
            expected = f"The known ones are {', '.join(known)}." if known else "None is expected here."
            raise RequestRefused(400, f"Unknown {kind}: {name[:40]}. {expected}")


def file_response(file: Path) -> web.FileResponse:
    """A file that the browser caches but revalidates on each use; the response is 304 if the file has not changed."""
    return web.FileResponse(file, headers={"Cache-Control": "no-cache", "Vary": "Accept"})


class RequestRefused(Exception):
    """A request that is rejected with a 4xx status. The message states the mistake and the fix."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


async def read_json(request: web.Request, *fields: str) -> dict[str, Any]:
    """The JSON object in the body, or {} if the body is empty.

    Raises RequestRefused if the body is anything else, or has a field that is not one of `fields`."""
    try:
        body = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        raise RequestRefused(400, "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise RequestRefused(400, 'Send a JSON object, such as {"to": "+441632960000"}.')
    _check_names("field", body, fields)
    return body


def text_field(body: dict[str, Any], name: str, default: str = "") -> str:
    """The text in a field, or the default if the field is missing or null. Raises RequestRefused for other types."""
    value = body.get(name, default)
    if value is None:
        return default
    if not isinstance(value, str):
        raise RequestRefused(400, f"{name} must be text, not {type(value).__name__}.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RequestRefused(400, f"{name} is not valid Unicode: it contains a lone surrogate.") from None
    return value


def number_field(body: dict[str, Any], name: str, default: float, maximum: float) -> float:
    """The number in a field, from 0 to `maximum`, or the default if it is missing. Raises RequestRefused."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= maximum:
        raise RequestRefused(400, f"{name} must be a number from 0 to {maximum:g}.")
    return float(value)
