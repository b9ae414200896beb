"""The live feed as server-sent events."""

from __future__ import annotations

import json

from aiohttp import web

from ringback.service.live_feed import Item
from ringback.state import State
from ringback.web.handset_request import number_in_query
from ringback.web.json_requests import add_route

HEARTBEAT_SECONDS = 15


def add_routes(app: web.Application, state: State) -> None:
    add_route(app, state, "GET", "/feed", feed, ("handset", "after"))


async def feed(state: State, request: web.Request) -> web.StreamResponse:
    """Streams the live feed until the browser disconnects. `?handset=` (repeatable) selects handsets."""
    handsets = {number_in_query(text) for text in request.query.getall("handset", [])}
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
