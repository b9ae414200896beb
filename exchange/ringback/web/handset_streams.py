"""The handset API for the media streams of a call: lists them, and waits for a mark."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from ringback.service.dates import iso8601_milliseconds
from ringback.state import State
from ringback.streams.playback import Mark
from ringback.streams.session import MediaStream
from ringback.streams.start_and_stop import streams_of
from ringback.web.handset_calls import MAX_WAIT_SECONDS
from ringback.web.handset_request import find_call
from ringback.web.json_requests import RequestRefused, number_field, read_json, text_field


async def list_streams(state: State, request: web.Request) -> web.Response:
    call = find_call(state, request)
    return web.json_response({"streams": [_as_json(stream) for stream in streams_of(state, call.sid)]})


async def wait_for_mark(state: State, request: web.Request) -> web.Response:
    """Waits until a mark with this name has been returned to the app; without a name, until any mark has."""
    body = await read_json(request, "name", "wait")
    name, wait = text_field(body, "name"), number_field(body, "wait", 0, MAX_WAIT_SECONDS)
    call = find_call(state, request)
    stream = next((stream for stream in reversed(streams_of(state, call.sid)) if stream.options.two_way), None)
    if stream is None:
        raise RequestRefused(404, "This call has no two-way stream.")
    mark = await _returned_mark(state, stream, name, wait)
    if mark is None:
        wanted = f"named {name[:80]!r} " if name else ""
        raise RequestRefused(409, f"No mark {wanted}has been returned to the app within {wait:g} s.")
    return web.json_response(_mark_as_json(mark))


async def _returned_mark(state: State, stream: MediaStream, name: str, seconds: float) -> Mark | None:
    try:
        async with state.clock.deadline(seconds):
            while True:
                returned = stream.mark_returned
                for mark in stream.marks:
                    if mark.returned is not None and name in ("", mark.name):
                        return mark
                if not stream.is_running:
                    return None
                await returned.wait()
    except TimeoutError:
        return None


def _as_json(stream: MediaStream) -> dict[str, Any]:
    options = stream.options
    return {
        "sid": stream.sid,
        "name": options.name,
        "url": options.url,
        "two_way": options.two_way,
        "tracks": list(options.tracks),
        "parameters": options.parameters,
        "status": stream.status,
        "started": iso8601_milliseconds(stream.created),
        "ended": None if stream.is_running else iso8601_milliseconds(stream.updated),
        "messages": {"sent": stream.messages.sequence, "received": stream.app_input.received},
        "marks": [_mark_as_json(mark) for mark in stream.marks],
    }


def _mark_as_json(mark: Mark) -> dict[str, Any]:
    returned = None if mark.returned is None else _date(mark.returned)
    return {"name": mark.name, "received": _date(mark.received), "returned": returned, "cleared": mark.cleared}


def _date(timestamp: float) -> str | None:
    return iso8601_milliseconds(datetime.fromtimestamp(timestamp, UTC))
