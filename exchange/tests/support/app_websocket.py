"""The app's end of a WebSocket, which a test installs as the handler for one path of the StubApp."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from ringback.testing.waiting import LIMIT_SECONDS, eventually
from support.stub_app import ReceivedRequest


class AppWebSocket:
    """Records what it receives, and sends what the test specifies: `app.answers["/agent"] = socket.accept`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.handshakes: list[ReceivedRequest] = []
        self.received: list[dict[str, Any]] = []
        self.socket: web.WebSocketResponse | None = None
        self.ended: tuple[int | None, str] | None = None  # close code and reason

    async def accept(self, asked: ReceivedRequest) -> web.StreamResponse:
        self.handshakes.append(asked)
        socket = web.WebSocketResponse(timeout=1)
        await socket.prepare(asked.request)
        self.socket, self.ended = socket, None
        while True:
            message = await socket.receive()
            if message.type is not WSMsgType.TEXT:
                break
            self.received.append(json.loads(message.data))
        self.ended = (socket.close_code, message.extra or "")
        return socket

    def opens(self) -> None:
        eventually(lambda: self.socket is not None, "a WebSocket")

    def sends(self, message: dict[str, Any] | str | bytes) -> None:
        self.opens()
        assert self.socket
        if isinstance(message, bytes):
            self._run(self.socket.send_bytes(message))
        else:
            self._run(self.socket.send_str(message if isinstance(message, str) else json.dumps(message)))

    def closes(self, code: int = 1000) -> None:
        self.opens()
        assert self.socket
        self._run(self.socket.close(code=code))

    def is_closed(self) -> tuple[int | None, str]:
        """Wait for the end of the connection, and return its code and reason."""
        return eventually(lambda: self.ended, lambda: f"the end, after {self.received}")

    def gets(self, kind: str, times: int = 1) -> dict[str, Any]:
        """Wait for this many messages of a type (or event), and return the last one."""
        eventually(lambda: len(self.of(kind)) >= times, lambda: f"{times} × {kind} among {self.received}")
        return self.of(kind)[times - 1]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.received if kind in (message.get("type"), message.get("event"))]

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(LIMIT_SECONDS)
