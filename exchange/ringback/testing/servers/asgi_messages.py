"""Translates between aiohttp's requests and ASGI's messages: https://asgi.readthedocs.io/en/latest/specs/www.html"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from aiohttp import WSMsgType, web

DISCONNECTED = {"type": "http.disconnect"}


def scope_of(request: web.BaseRequest) -> dict[str, Any]:
    """The connection scope of a request."""
    kind = "websocket" if request.headers.get("Upgrade", "").lower() == "websocket" else "http"
    path, _, query = request.raw_path.partition("?")
    server = request.transport.get_extra_info("sockname") if request.transport else None
    client = request.transport.get_extra_info("peername") if request.transport else None
    scope = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "ws" if kind == "websocket" else "http",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
        "client": client,
        "server": server,
    }
    if kind == "websocket":
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        return scope | {"subprotocols": [each.strip() for each in offered.split(",") if each.strip()]}
    return scope | {"method": request.method}


async def http_messages(request: web.BaseRequest, app: Any, scope: dict[str, Any]) -> web.StreamResponse:
    """Run the app for one HTTP request. Its exceptions become a 500, and aiohttp logs them."""
    body, response = await request.read(), web.StreamResponse()
    unread, over = [{"type": "http.request", "body": body, "more_body": False}], asyncio.Event()

    async def receive() -> dict[str, Any]:
        if unread:
            return unread.pop()
        await over.wait()
        return DISCONNECTED

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            response.set_status(message["status"])
            for name, value in message.get("headers", ()):
                response.headers.add(bytes(name).decode("latin-1"), bytes(value).decode("latin-1"))
        elif message["type"] == "http.response.body":
            if not response.prepared:
                await response.prepare(request)
            await response.write(message.get("body", b""))
            if not message.get("more_body", False):
                await response.write_eof()
                over.set()

    await app(scope, receive, send)
    return response


async def websocket_messages(request: web.BaseRequest, app: Any, scope: dict[str, Any]) -> web.StreamResponse:
    """Run the app for one WebSocket. A connection that the app does not accept gets a 403."""
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    events.put_nowait({"type": "websocket.connect"})
    answer: list[web.StreamResponse] = []
    readers: list[asyncio.Task[None]] = []

    async def send(message: dict[str, Any]) -> None:
        match message["type"]:
            case "websocket.accept":
                protocols = (message["subprotocol"],) if message.get("subprotocol") else ()
                socket = web.WebSocketResponse(protocols=protocols)
                await socket.prepare(request)
                answer.append(socket)
                readers.append(asyncio.create_task(_read(socket, events)))
            case "websocket.send" if isinstance(answer[0], web.WebSocketResponse):
                if message.get("text") is not None:
                    await answer[0].send_str(message["text"])
                else:
                    await answer[0].send_bytes(message["bytes"])
            case "websocket.close" if answer and isinstance(answer[0], web.WebSocketResponse):
                await answer[0].close(code=message.get("code", 1000), message=message.get("reason", "").encode())
            case "websocket.close":
                answer.append(web.Response(status=403))

    try:
        await app(scope, events.get, send)
    finally:
        for reader in readers:
            reader.cancel()
    return answer[0] if answer else web.Response(status=403)


async def _read(socket: web.WebSocketResponse, events: asyncio.Queue[dict[str, Any]]) -> None:
    """Convert incoming messages into ASGI events until the connection is closed."""
    async for message in socket:
        content = {"text": message.data} if message.type is WSMsgType.TEXT else {"bytes": message.data}
        await events.put({"type": "websocket.receive"} | content)
    await events.put({"type": "websocket.disconnect", "code": socket.close_code or 1006})
