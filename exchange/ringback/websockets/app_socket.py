"""An open WebSocket to the app: sends and receives frames. `send` blocks for at most SEND_SECONDS."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp

from ringback.service.clock import Clock, Timer

SEND_SECONDS = 10.0  # an app that does not read for this long is disconnected
MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # per message from the app: several minutes of audio in base64
CLOSE_SECONDS = 2.0  # how long to wait for the app's close frame


@dataclass(frozen=True)
class Frame:
    """A message from the app: `text`, or `binary`."""

    text: str | None = None
    binary: bytes = b""


@dataclass(frozen=True)
class Closed:
    """The end of a connection, with the close frame's code and reason. The code is 1006 if there was no close frame.

    `by_app` is false if Ringback closed the connection itself, for example for a message that is too large."""

    code: int
    reason: str = ""
    by_app: bool = True


class AppSocket:
    """One connection. `closed` is set once it has ended."""

    def __init__(self, clock: Clock, url: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.clock, self.url, self.socket = clock, url, socket
        self.closed: Closed | None = None
        self.timers: list[Timer] = []  # set by faults

    async def send(self, message: dict[str, Any]) -> bool:
        """Send a message as JSON text. Returns False if the connection has ended."""
        text = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
        text = text.encode("utf-8", "replace").decode()  # a lone surrogate cannot be sent
        if self.closed or self.socket.closed:
            return False
        try:
            async with self.clock.deadline(SEND_SECONDS):
                await self.socket.send_str(text)
        except (aiohttp.ClientError, OSError, TimeoutError, RuntimeError):
            self.drop()
            return False
        return True

    async def send_text(self, text: str) -> bool:
        """Send a text frame. Returns False if the connection has ended.

        Waits while the app does not read; the caller must set a limit."""
        try:
            await self.socket.send_str(text)
        except (aiohttp.ClientError, OSError, RuntimeError):
            return False
        return True

    async def receive(self) -> Frame | Closed:
        """The next message from the app, or the end of the connection. Never raises."""
        if self.closed:
            return self.closed
        message = await self.socket.receive()
        match message.type:
            case aiohttp.WSMsgType.TEXT:
                return Frame(text=message.data)
            case aiohttp.WSMsgType.BINARY:
                return Frame(binary=message.data)
        self.closed = self.closed or self._end(message)
        self._cancel_timers()
        return self.closed

    def _end(self, message: aiohttp.WSMessage) -> Closed:
        if message.type is aiohttp.WSMsgType.CLOSE:
            return Closed(message.data or 1005, message.extra or "")
        if message.type is aiohttp.WSMsgType.ERROR:
            code = getattr(message.data, "code", 1006)
            return Closed(int(code), str(message.data)[:200], by_app=False)
        return Closed(self.socket.close_code or 1006)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection. Waits at most CLOSE_SECONDS for the app's close frame."""
        self._cancel_timers()
        self.closed = self.closed or Closed(code, reason, by_app=False)
        with suppress(aiohttp.ClientError, OSError, RuntimeError):
            await self.socket.close(code=code, message=reason.encode())

    def drop(self) -> None:
        """End the connection without a close frame, as when the network fails."""
        self._cancel_timers()
        if transport := self.socket._conn and self.socket._conn.transport:
            transport.abort()

    def release(self) -> None:
        """End the connection at once, without waiting for anything. May be called repeatedly."""
        self._cancel_timers()
        self.socket._response.close()

    def _cancel_timers(self) -> None:
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
