"""The WebSocket of a ConversationRelay session: sends messages in order, and reconnects.

With applicationReconnect, Twilio holds up to 500 messages while the app is disconnected and sends them once the app is
connected again: https://www.twilio.com/en-us/changelog/conversation-relay--dynamic-configuration--application-reconnect
(2026-10-28). The retry delays, and sending `setup` again, are Ringback's choices."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any

from ringback.calls.call import Call
from ringback.calls.call_log import SocketMessage
from ringback.relay.malformed_messages import TOO_MANY_MALFORMED
from ringback.runtime import Runtime
from ringback.websockets.app_socket import AppSocket, Closed, Frame
from ringback.websockets.handshake import RELAY, HandshakeFailed, open_socket

MAX_WAITING_MESSAGES = 500
RECONNECT_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)  # before each attempt
WEBSOCKET_ENDED = 64105
SHOWN_FIELDS = {
    "prompt": ("voicePrompt",),
    "dtmf": ("digit",),
    "interrupt": ("utteranceUntilInterrupt",),
    "info": ("name", "value"),
    "error": ("description",),
}
MAX_SHOWN_CHARACTERS = 200


class RelayConnection:
    """`setup` is the session's first message, which is sent on every connection."""

    def __init__(self, runtime: Runtime, call: Call, url: str, setup: dict[str, Any], reconnects: bool) -> None:
        self.runtime, self.call, self.url, self.setup, self.reconnects = runtime, call, url, setup, reconnects
        self.socket: AppSocket | None = None
        self.is_online = False
        self.waiting: deque[dict[str, Any]] = deque()
        self.changed = asyncio.Event()

    async def open(self) -> None:
        """Opens a connection and queues `setup` as its first message. Raises HandshakeFailed."""
        socket = await open_socket(self.runtime, self.url, RELAY, self.call.sid)
        self.waiting.appendleft(self.setup)
        self.socket, self.is_online = socket, True
        self.changed.set()
        if fault := self.runtime.faults.trigger("relay-1007", RELAY, self.url):
            timer = self.runtime.clock.call_later(fault.seconds, self._close_as_malformed)
            socket.timers.append(timer)

    def post(self, message: dict[str, Any]) -> None:
        """Queues a message. Discards it if too many are queued, which happens only while disconnected."""
        if len(self.waiting) < MAX_WAITING_MESSAGES:
            self.waiting.append(message)
            self.changed.set()

    async def send_all(self) -> None:
        """Sends the messages until cancelled."""
        while True:
            await self.send_waiting()
            self.changed.clear()
            await self.changed.wait()

    async def send_waiting(self) -> None:
        """Sends the messages that are waiting, unless the connection has ended."""
        while self.waiting and self.is_online and self.socket:
            message, socket = self.waiting.popleft(), self.socket
            if await socket.send(message):
                self._log(message)
            elif socket is self.socket:
                self.waiting.appendleft(message)
                self.is_online = False

    async def receive(self) -> Frame | Closed:
        """The next frame. Closed means that the connection has ended and will not be reopened."""
        socket = self.socket
        while socket is not None:
            frame = await socket.receive()
            if isinstance(frame, Frame):
                return frame
            if not self.reconnects or not frame.by_app:
                return frame
            self.is_online = False
            self._report(frame, "; reconnecting")
            socket = await self._reconnected()
        return Closed(1006, "no connection")

    async def _reconnected(self) -> AppSocket | None:
        for seconds in RECONNECT_SECONDS:
            await self.runtime.clock.sleep(seconds)
            try:
                await self.open()
            except HandshakeFailed:
                continue
            return self.socket
        return None

    def report_end(self, closed: Closed) -> None:
        """Reports to the debugger that the connection ended unexpectedly."""
        self._report(closed, "")

    def _report(self, closed: Closed, more: str) -> None:
        reason = f": {closed.reason}" if closed.reason else ""
        detail = f"close code {closed.code}{reason}{more}" if closed.code != 1006 else f"no close frame{more}"
        self.runtime.debugger.report(WEBSOCKET_ENDED, sid=self.call.sid, handset=self.call.plan.handset, detail=detail)
        self.call.log.add("message", SocketMessage(False, f"the WebSocket ended: {detail}", level="refused"))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection in the background."""
        if self.socket:
            self.runtime.spawn(self.socket.close(code, reason))

    def _close_as_malformed(self) -> None:
        self.close(*TOO_MANY_MALFORMED)

    def _log(self, message: dict[str, Any]) -> None:
        kind = str(message["type"])
        shown = " ".join(str(message[name]) for name in SHOWN_FIELDS.get(kind, ()))
        text = json.dumps(message, ensure_ascii=False, indent=1)
        self.call.log.add("message", SocketMessage(True, f"{kind} {shown[:MAX_SHOWN_CHARACTERS]}".strip(), text))
