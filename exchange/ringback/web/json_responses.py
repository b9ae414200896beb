"""Helpers for the JSON APIs: routes, request bodies, fields, files and errors."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from ringback.state import State

JsonHandler = Callable[[State, web.Request], Awaitable[web.StreamResponse]]
"""Handles one request. May raise RequestRefused."""


def add_route(app: web.Application, state: State, method: str, path: str, handler: JsonHandler) -> None:
    """Add a route whose handler also receives the state."""
    app.router.add_route(method, path, partial(handler, state))


def file_response(file: Path) -> web.FileResponse:
    """A file that the browser caches but revalidates on each use; the response is 304 if the file has not changed."""
    return web.FileResponse(file, headers={"Cache-Control": "no-cache", "Vary": "Accept"})


class RequestRefused(Exception):
    """A request that is rejected with a 4xx status. The message states the mistake and the fix."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


async def read_json(request: web.Request) -> dict[str, Any]:
    """The JSON object in the body, or {} if the body is empty. Raises RequestRefused if it is anything else."""
    try:
        body = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        raise RequestRefused(400, "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise RequestRefused(400, 'Send a JSON object, such as {"to": "+441632960000"}.')
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
