"""Measures the exchange on one core, against a trivial app: concurrent calls of ten verbs, texts, and media streams.

`python -m bench.exchange [calls] [texts] [streams]`; 0 leaves a part out.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import subprocess
import sys
import time

import aiohttp

from bench.load_generator import cpu_seconds
from ringback.service.sids import new_sid

NUMBER = "+441632960000"
FIRST_DOCUMENT = "<Response>" + "<Say>One moment, please.</Say>" * 4 + "<Redirect>/second</Redirect></Response>"
SECOND_DOCUMENT = "<Response>" + "<Say>Thank you for waiting.</Say>" * 4 + "<Hangup/></Response>"
REPLY = "<Response><Message>Thank you.</Message></Response>"
DOCUMENTS = {b"/voice": FIRST_DOCUMENT, b"/second": SECOND_DOCUMENT, b"/sms": REPLY, b"/done": "<Response/>"}
MAX_REQUESTS = 200  # concurrent requests to the exchange
STREAM_SECONDS = 20
FRAME_SECONDS = 0.02
WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
READY = re.compile(r"http://127\.0\.0\.1:\d+")


class TrivialApp(asyncio.Protocol):
    """A minimal HTTP server with fixed answers: its own cost must not count."""

    requests = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end]
            found = re.search(rb"(?i)content-length: (\d+)", head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self.received) < whole:
                return
            self.received = self.received[whole:]
            if key := re.search(rb"(?i)sec-websocket-key: (\S+)", head):
                return self.transport.set_protocol(StreamEnd(self.transport, key[1]))  # type: ignore[attr-defined]
            self.answer(head.split(b" ", 2)[1])

    def answer(self, path: bytes) -> None:
        TrivialApp.requests += 1
        body = DOCUMENTS[path].encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)  # type: ignore[attr-defined]


class StreamEnd(asyncio.Protocol):
    """The app's end of a media stream: notes when each message arrives, and answers each frame with one of its own."""

    ends: list[StreamEnd] = []

    def __init__(self, transport: asyncio.Transport, key: bytes) -> None:
        self.transport, self.received, self.answer = transport, b"", b""
        self.arrivals: list[float] = []
        StreamEnd.ends.append(self)
        accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_GUID, usedforsecurity=False).digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        transport.write(head + b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept)

    def data_received(self, data: bytes) -> None:
        """Takes whole WebSocket messages. Those of the exchange are masked and between 126 and 65,535 bytes long."""
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
            if not self.answer and len(self.arrivals) == 2:  # `start`, after `connected`
                self.answer = frame_for(message)
            elif self.answer and not self.transport.is_closing():
                self.transport.write(self.answer)

    def lateness(self) -> list[float]:
        """Seconds by which each frame came later than 20 ms after the one before, counted from the earliest."""
        due = [arrival - number * FRAME_SECONDS for number, arrival in enumerate(self.arrivals[2:])]
        return [moment - min(due) for moment in due]


def frame_for(masked: bytes) -> bytes:
    """A WebSocket message with 20 ms of sound for the stream whose masked `start` message this is."""
    mask, body = masked[:4], masked[4:]
    start = bytes(byte ^ mask[index % 4] for index, byte in enumerate(body))
    sid = re.findall(rb"MZ[0-9a-f]{32}", start)[0]
    payload = base64.b64encode(bytes(range(128, 208)) * 2)
    text = b'{"event":"media","streamSid":"%s","media":{"payload":"%s"}}' % (sid, payload)
    return b"\x81\x7e" + len(text).to_bytes(2) + text


def main(calls: int = 1_000, texts: int = 10_000, streams: int = 200) -> None:
    """Print the results for 10, 100 and `calls` concurrent calls, for `texts` texts, and for `streams` streams."""
    asyncio.run(run(calls, texts, streams))


async def run(calls: int, texts: int, streams: int) -> None:
    """Run the exchange on the first core, the trivial app and the benchmark on the others."""
    loop = asyncio.get_running_loop()
    app = await loop.create_server(TrivialApp, "127.0.0.1", 0, backlog=4096)
    address = f"127.0.0.1:{app.sockets[0].getsockname()[1]}"
    process, origin = start_exchange(f"http://{address}")
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=MAX_REQUESTS)) as session:
            for count in (10, 100, calls) if calls else ():
                await measure(
                    f"{count:>6} concurrent calls", count, count * 3, process.pid, place_call(session, origin)
                )
            if texts:
                await measure(f"{texts:>6} texts", texts, texts, process.pid, send_text(session, origin))
            if streams:
                DOCUMENTS[b"/voice"] = f'<Response><Connect><Stream url="wss://{address}/stream"/></Connect></Response>'
                await measure_streams(streams, process.pid, place_call(session, origin))
    finally:
        process.terminate()
        process.wait(10)
        app.close()


def start_exchange(app: str) -> tuple[subprocess.Popen[str], str]:
    """Start the exchange on the first core and move this process to the others; return it and its origin."""
    account = {"TWILIO_ACCOUNT_SID": new_sid("AC"), "TWILIO_AUTH_TOKEN": new_sid("")}
    options = ["--port", "0", "--pace", "0", "--delivery", "0", "--app", app, "--voice-status", "/done"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ringback", "serve", "--number", NUMBER, *options],
        env=os.environ | account,
        stdout=subprocess.PIPE,
        text=True,
    )
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(process.pid, cores[:1])
    os.sched_setaffinity(0, cores[1:] or cores)
    line = process.stdout.readline() if process.stdout else ""
    found = READY.search(line)
    assert found, line
    return process, found[0]


def place_call(session: aiohttp.ClientSession, origin: str):  # type: ignore[no-untyped-def]
    async def place(index: int) -> None:
        async with session.post(f"{origin}/handsets/+44163296{1000 + index}/calls", json={}) as answer:
            assert answer.status == 201, await answer.text()

    return place


def send_text(session: aiohttp.ClientSession, origin: str):  # type: ignore[no-untyped-def]
    async def send(index: int) -> None:
        url = f"{origin}/handsets/+44163297{index % 9000 + 1000}/texts"
        async with session.post(url, json={"body": f"text {index}"}) as answer:
            assert answer.status == 201, await answer.text()

    return send


async def measure(name: str, count: int, webhooks: int, pid: int, start) -> None:  # type: ignore[no-untyped-def]
    """Start `count` calls or texts, wait until the app has received all webhooks, and print the cost."""
    requests, cpu, began = TrivialApp.requests, cpu_seconds(pid), time.perf_counter()
    limit = asyncio.Semaphore(MAX_REQUESTS)

    async def one(index: int) -> None:
        async with limit:
            await start(index)

    await asyncio.gather(*(one(index) for index in range(count)))
    deadline = time.monotonic() + 120
    while TrivialApp.requests < requests + webhooks:
        assert time.monotonic() < deadline, f"{TrivialApp.requests - requests} of {webhooks} webhooks"
        await asyncio.sleep(0.005)
    seconds = time.perf_counter() - began
    each = (cpu_seconds(pid) - cpu) / count * 1000
    print(
        f"{name}: {seconds:6.2f} s, {webhooks / seconds:6.0f} signed webhooks/s, "
        f"{each:5.2f} ms of CPU each, at most {peak_memory(pid):4.0f} MB",
        flush=True,
    )


async def measure_streams(count: int, pid: int, start) -> None:  # type: ignore[no-untyped-def]
    """Let `count` callers talk to the app for STREAM_SECONDS, both ways, and print how late the frames are."""
    await asyncio.gather(*(start(index) for index in range(count)))
    deadline = time.monotonic() + 60
    while sum(len(end.arrivals) > 2 for end in StreamEnd.ends) < count:
        assert time.monotonic() < deadline, f"{len(StreamEnd.ends)} of {count} streams"
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)  # all calls have been set up
    for end in StreamEnd.ends:
        del end.arrivals[2:]
    cpu, began = cpu_seconds(pid), time.perf_counter()
    await asyncio.sleep(STREAM_SECONDS)
    share = (cpu_seconds(pid) - cpu) / (time.perf_counter() - began)
    late = sorted(1000 * seconds for end in StreamEnd.ends for seconds in end.lateness())
    p50, p99, p999 = (late[int(len(late) * part)] for part in (0.5, 0.99, 0.999))
    print(
        f"{count:>6} streams, {len(late) / STREAM_SECONDS:.0f} frames/s each way: late by {p50:.1f} ms (p50), "
        f"{p99:.1f} ms (p99), {p999:.1f} ms (p99.9), {late[-1]:.1f} ms at most; "
        f"{share:.0%} of a core, at most {peak_memory(pid):4.0f} MB",
        flush=True,
    )


def peak_memory(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024  # type: ignore[index]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
