"""The trivial app of the exchange's benchmark: answers webhooks with fixed documents, and media frames with frames."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import time
from typing import cast

FIRST_DOCUMENT = "<Response>" + "<Say>One moment, please.</Say>" * 4 + "<Redirect>/second</Redirect></Response>"
SECOND_DOCUMENT = "<Response>" + "<Say>Thank you for waiting.</Say>" * 4 + "<Hangup/></Response>"
REPLY = "<Response><Message>Thank you.</Message></Response>"
DOCUMENTS = {b"/voice": FIRST_DOCUMENT, b"/second": SECOND_DOCUMENT, b"/sms": REPLY, b"/done": "<Response/>"}
MAX_RECORDED = 3000
FRAME_SECONDS = 0.02
WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455


class TrivialApp(asyncio.Protocol):
    """A minimal HTTP server with fixed answers: its own cost must be negligible."""

    requests = 0
    recorded: list[bytes] = []  # the first MAX_RECORDED requests

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.received = cast("asyncio.Transport", transport), b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end]
            found = re.search(rb"(?i)content-length: (\d+)", head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self.received) < whole:
                return
            request, self.received = self.received[:whole], self.received[whole:]
            if key := re.search(rb"(?i)sec-websocket-key: (\S+)", head):
                return self.transport.set_protocol(StreamEnd(self.transport, key[1]))
            if len(TrivialApp.recorded) < MAX_RECORDED:
                TrivialApp.recorded.append(request)
            self.answer(head.split(b" ", 2)[1])

    def answer(self, path: bytes) -> None:
        TrivialApp.requests += 1
        body = DOCUMENTS[path].encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)


class StreamEnd(asyncio.Protocol):
    """The app's end of a media stream: records when each message arrives, and answers each frame with another frame."""

    ends: list[StreamEnd] = []

    def __init__(self, transport: asyncio.Transport, key: bytes) -> None:
        self.transport, self.received, self.answer = transport, b"", b""
        self.arrivals: list[float] = []
        StreamEnd.ends.append(self)
        accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_GUID, usedforsecurity=False).digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        transport.write(head + b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept)

    def data_received(self, data: bytes) -> None:
        """Handles each complete WebSocket message. The exchange's messages are masked and at most 65,535 bytes long."""
        now = time.perf_counter()
        self.received += data
        while len(self.received) >= 4:
            size = self.received[1] & 127
            start = 4 if size == 126 else 2
            end = start + 4 + (int.from_bytes(self.received[2:4]) if size == 126 else size)
            if len(self.received) < end:
                return
            message, self.received = self.received[start:end], self.received[end:]
            self.arrivals.append(now)
            if not self.answer and len(self.arrivals) == 2:  # this is `start`; the first was `connected`
                self.answer = frame_for(message)
            elif self.answer and not self.transport.is_closing():
                self.transport.write(self.answer)

    def lateness(self) -> list[float]:
        """Returns how late each frame was, in seconds, relative to the 20 ms schedule of the earliest frame."""
        due = [arrival - number * FRAME_SECONDS for number, arrival in enumerate(self.arrivals[2:])]
        return [moment - min(due) for moment in due]


def frame_for(masked: bytes) -> bytes:
    """A WebSocket message with 20 ms of sound for the stream that this masked `start` message opens."""
    mask, body = masked[:4], masked[4:]
    start = bytes(byte ^ mask[index % 4] for index, byte in enumerate(body))
    sid = re.findall(rb"MZ[0-9a-f]{32}", start)[0]
    payload = base64.b64encode(bytes(range(128, 208)) * 2)
    text = b'{"event":"media","streamSid":"%s","media":{"payload":"%s"}}' % (sid, payload)
    return b"\x81\x7e" + len(text).to_bytes(2) + text
