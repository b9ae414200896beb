"""The live feed as server-sent events, and the media that handsets show and play."""

from __future__ import annotations

import json

from aiohttp import web

from ringback.account.phone_numbers import normalize_number
from ringback.service.live_feed import Item
from ringback.state import State
from ringback.streams.heard_audio import HeardAudio
from ringback.web.json_responses import RequestRefused, add_route

HEARTBEAT_SECONDS = 15


def add_routes(app: web.Application, state: State) -> None:
    add_route(app, state, "GET", "/feed", feed, ("handset", "after"))
    add_route(app, state, "GET", "/media/{sid}", media)


async def feed(state: State, request: web.Request) -> web.StreamResponse:
    """Streams the live feed until the browser disconnects. `?handset=` (repeatable) selects handsets."""
    handsets = {_number(text) for text in request.query.getall("handset", [])}
    after = request.headers.get("Last-Event-ID") or request.query.get("after") or None
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    response.headers["X-Content-Type-Options"] = "nosniff"
    await response.prepare(request)
    try:
        await response.write(b"retry: 1000\n\n")
        async for item in state.feed.follow(after, HEARTBEAT_SECONDS):
            if item is None:
                await response.write(b": heartbeat\n\n")
            elif not handsets or item["handset"] in handsets or item["kind"] == "reset":
                await response.write(_event(item))
    except ConnectionResetError:
        pass
    return response


def _event(item: Item) -> bytes:
    return f"id: {item['id']}\ndata: {json.dumps(item)}\n\n".encode()


async def media(state: State, request: web.Request) -> web.StreamResponse:
    file = state.media.get(request.match_info["sid"])
    if file is None:
        raise RequestRefused(404, "There is no such media file.")
    headers = {"Content-Type": file.content_type, "Content-Security-Policy": "sandbox; default-src 'none'"}
    if not file.inline:
        headers["Content-Disposition"] = "attachment"
    if isinstance(file, HeardAudio) and not file.is_over:
        return await _send_while_heard(file, request, headers)
    return web.Response(body=file.body, headers=headers)


async def _send_while_heard(file: HeardAudio, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
    """Streams the app's audio as a growing WAV file until it ends or the client disconnects."""
    response = web.StreamResponse(headers=headers | {"Cache-Control": "no-store"})
    await response.prepare(request)
    try:
        async for part in file.parts():
            await response.write(part)
    except ConnectionResetError:
        pass
    return response


def _number(text: str) -> str:
    # An unencoded + is decoded as a space.
    return "+" + text.strip() if text.startswith(" ") else normalize_number(text)
