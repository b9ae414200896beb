"""The media files that handsets show and play."""

from __future__ import annotations

from aiohttp import web

from ringback.state import State
from ringback.streams.heard_audio import HeardAudio
from ringback.web.json_requests import RequestRefused, add_route


def add_routes(app: web.Application, state: State) -> None:
    add_route(app, state, "GET", "/media/{sid}", media)


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
