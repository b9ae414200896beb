"""An ASGI app on a loopback port, served by an event loop in a thread of this process.

For the messages, see https://asgi.readthedocs.io/en/latest/specs/www.html"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from aiohttp import WSMsgType, web

from ringback.testing.background_loop import BackgroundLoop

Message = MutableMapping[str, Any]
AsgiApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
STARTUP_SECONDS = 30.0
SHUTDOWN_SECONDS = 0.5
DISCONNECTED = {"type": "http.disconnect"}


@contextmanager
def serving(app: AsgiApp, port: int = 0) -> Iterator[str]:
    """Serve the app while the context lasts; 0 means any free port. Yields its origin, such as http://127.0.0.1:5000.

    Raises RuntimeError if the app's startup fails."""
    background = BackgroundLoop()
    try:
        server = AsgiServer(app)
        try:
            yield background.run(server.start(port))
        finally:
            background.run(server.stop())
    finally:
        background.close()


class AsgiServer:
    """Serves HTTP, WebSockets and the lifespan protocol: https://asgi.readthedocs.io/en/latest/specs/"""

    def __init__(self, app: AsgiApp) -> None:
        self.app, self.state = app, dict[str, Any]()
        self.runner: web.ServerRunner | None = None
        self.to_app: asyncio.Queue[Message] = asyncio.Queue()
        self.from_app: asyncio.Queue[Message] = asyncio.Queue()
        self.lifespan: asyncio.Task[None] | None = None

    async def start(self, port: int) -> str:
        self.lifespan = asyncio.create_task(self._run_lifespan())
        await self._lifespan_event("startup")
        self.runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=SHUTDOWN_SECONDS)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self.runner:
            await self.runner.cleanup()
        await self._lifespan_event("shutdown")
        if self.lifespan:
            self.lifespan.cancel()

    async def _run_lifespan(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        await self.app(scope, self.to_app.get, self.from_app.put)

    async def _lifespan_event(self, name: str) -> None:
        """Send an event and wait for its completion. An app that returns or raises instead does not support lifespan
        events, as the protocol specifies.

        Raises RuntimeError if the app reports a failure."""
        assert self.lifespan
        if self.lifespan.done():
            return
        await self.to_app.put({"type": f"lifespan.{name}"})
        answer = asyncio.create_task(self.from_app.get())
        await asyncio.wait({answer, self.lifespan}, timeout=STARTUP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if answer.done() and answer.result()["type"] == f"lifespan.{name}.failed":
            raise RuntimeError(f"The app's {name} failed: {answer.result().get('message', '')}")
        answer.cancel()
        if self.lifespan.done() and not self.lifespan.cancelled():
            self.lifespan.exception()  # retrieved, so that asyncio logs no warning

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        scope = scope_of(request) | {"state": dict(self.state)}
        if scope["type"] == "websocket":
            return await websocket_messages(request, self.app, scope)
        return await http_messages(request, self.app, scope)


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
    """Run the app for one HTTP request. An exception in the app becomes a 500, and aiohttp logs it."""
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
