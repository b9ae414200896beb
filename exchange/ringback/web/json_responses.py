"""The doors for people and scripts: how they are opened, how they read what is sent, and how they say no."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from ringback.state import State

JsonHandler = Callable[[State, web.Request], Awaitable[web.StreamResponse]]
"""Answers one request; a raised Refused is its refusal."""


def add_route(app: web.Application, state: State, method: str, path: str, door: JsonHandler) -> None:
    """Let an address lead to a door."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await door(state, request)

    app.router.add_route(method, path, handle)


def file_response(file: Path) -> web.FileResponse:
    """A file for the browser to keep, and to ask about each time: unchanged, it is answered with 304."""
    return web.FileResponse(file, headers={"Cache-Control": "no-cache", "Vary": "Accept"})


class RequestRefused(Exception):
    """Answered with this status and one sentence that names the mistake and how to mend it."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, headers


async def read_json(request: web.Request) -> dict[str, Any]:
    """The object that was sent; an empty body is an empty object."""
    try:
        given = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        raise RequestRefused(400, "The body is not JSON") from None
    if not isinstance(given, dict):
        raise RequestRefused(400, 'Send a JSON object, such as {"to": "+441632960000"}')
    return given


def text_field(given: dict[str, Any], name: str, default: str = "") -> str:
    """A field that is text, or its default."""
    value = given.get(name, default)
    if value is None:
        return default
    if not isinstance(value, str):
        raise RequestRefused(400, f"{name} must be text, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RequestRefused(400, f"{name} holds half a character (a lone surrogate)") from None
    return value


def number_field(given: dict[str, Any], name: str, default: float, most: float) -> float:
    """A field that is a number from 0 to `most`."""
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise RequestRefused(400, f"{name} must be a number from 0 to {most:g}")
    return float(value)
