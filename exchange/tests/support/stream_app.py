"""An app that uses Media Streams, with its end of the WebSocket at /stream."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from ringback.sound import mulaw
from ringback.testing.waiting import eventually
from support.app_websocket import AppWebSocket
from support.exchange import Exchange
from support.stub_app import StubApp

TONE = bytes(range(0x80, 0xC0)) * 1250  # 10 s of audible µ-law


class StreamApp(AppWebSocket):
    """Answers calls with a document that has a Stream, and sends audio, marks and clear."""

    def __init__(self, loop: asyncio.AbstractEventLoop, app: StubApp, exchange: Exchange) -> None:
        super().__init__(loop)
        self.exchange, self.sent = exchange, 0
        self.url = app.origin.replace("http", "wss") + "/stream"
        app.answers["/stream"] = self.accept

    @property
    def sid(self) -> str:
        return self.gets("start")["streamSid"]

    def plays(self, seconds: float) -> None:
        self.sends_audio(TONE[: round(seconds * mulaw.BYTES_PER_SECOND)])

    def sends_audio(self, audio: bytes) -> None:
        self.says("media", {"payload": base64.b64encode(audio).decode()})

    def marks(self, name: str) -> None:
        self.says("mark", {"name": name})

    def clears(self) -> None:
        self.sends({"event": "clear", "streamSid": self.sid})

    def says(self, event: str, details: Any) -> None:
        self.sends({"event": event, "streamSid": self.sid, event: details})

    def sends(self, message: dict[str, Any] | str | bytes) -> None:
        super().sends(message)
        self.sent += 1

    def takes_everything(self) -> None:
        """Wait until the exchange has received every message sent so far."""
        stream = self.exchange.state.streams[self.sid]
        eventually(lambda: stream.app_input.received == self.sent, f"{self.sent} messages")

    def returned(self) -> list[str]:
        """The names of the marks that the exchange has returned."""
        return [message["mark"]["name"] for message in self.of("mark")]

    def audio(self, track: str = "inbound") -> bytes:
        """What the app has heard so far, as µ-law."""
        frames = [message["media"] for message in self.of("media") if message["media"]["track"] == track]
        return b"".join(base64.b64decode(frame["payload"]) for frame in frames)
