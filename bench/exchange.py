"""Measures the exchange on one core: concurrent calls of ten verbs each, and texts, against a trivial app.

`python -m bench.exchange [calls] [texts]`
"""

from __future__ import annotations

import asyncio
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
            self.answer(head.split(b" ", 2)[1])

    def answer(self, path: bytes) -> None:
        TrivialApp.requests += 1
        body = DOCUMENTS[path].encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)  # type: ignore[attr-defined]


def main(calls: int = 1_000, texts: int = 10_000) -> None:
    """Print the results for 10, 100 and `calls` concurrent calls, and for `texts` texts."""
    asyncio.run(run(calls, texts))


async def run(calls: int, texts: int) -> None:
    """Run the exchange on the first core, the trivial app and the benchmark on the others."""
    loop = asyncio.get_running_loop()
    app = await loop.create_server(TrivialApp, "127.0.0.1", 0, backlog=4096)
    process, origin = start_exchange(f"http://127.0.0.1:{app.sockets[0].getsockname()[1]}")
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=MAX_REQUESTS)) as session:
            for count in (10, 100, calls):
                await measure(
                    f"{count:>6} concurrent calls", count, count * 3, process.pid, place_call(session, origin)
                )
            await measure(f"{texts:>6} texts", texts, texts, process.pid, send_text(session, origin))
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


def peak_memory(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024  # type: ignore[index]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
