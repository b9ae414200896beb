"""An ASGI app on a loopback port, served by an event loop in a thread of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from ringback.testing.background_loop import BackgroundLoop
from ringback.testing.servers.asgi_messages import http_messages, scope_of, websocket_messages

Message = MutableMapping[str, Any]
AsgiApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
STARTUP_SECONDS = 30.0
SHUTDOWN_SECONDS = 0.5


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
        """Send an event and wait for its completion. An app that returns or raises does not support lifespan events:
        see the protocol.

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
