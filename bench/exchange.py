"""Measures the exchange on one core, against a trivial app: calls of ten verbs, texts, media streams, waiting calls.

`python -m bench.exchange [calls] [texts] [streams] [waiting]`; 0 skips a part. The call rate is compared with the
rate of a bare aiohttp client that sends the same requests from the same core.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from bench.alternatives.bare_client import Cost
from bench.alternatives.trivial_app import DOCUMENTS, StreamEnd, TrivialApp
from bench.load_generator import cpu_seconds
from ringback.service.sids import new_sid

NUMBER = "+441632960000"
WAVES = 3  # of the largest number of calls
MAX_REQUESTS = 200  # concurrent requests to the exchange
STREAM_SECONDS = 20
WAITING_DOCUMENT = '<Response><Pause length="600"/></Response>'
READY = re.compile(r"http://127\.0\.0\.1:\d+")


def main(calls: int = 1_000, texts: int = 10_000, streams: int = 200, waiting: int = 10_000) -> None:
    """Print the results for 10, 100 and `calls` calls, for `texts` texts, `streams` streams and `waiting` calls."""
    asyncio.run(run(calls, texts, streams, waiting))


async def run(calls: int, texts: int, streams: int, waiting: int) -> None:
    """Run each part against an exchange of its own on the first core; this process moves to the other cores."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)
    app = await asyncio.get_running_loop().create_server(TrivialApp, "127.0.0.1", 0, backlog=4096)
    address = f"127.0.0.1:{app.sockets[0].getsockname()[1]}"
    async with app:
        if calls:
            async with exchange(address, cores[0]) as (pid, session):
                await measure_calls(calls, pid, session, address, cores[0])
        if texts:
            async with exchange(address, cores[0]) as (pid, session):
                await measure(f"{texts:>6} texts", texts, texts, pid, send_text(session))
        if streams:
            DOCUMENTS[b"/voice"] = f'<Response><Connect><Stream url="wss://{address}/stream"/></Connect></Response>'
            async with exchange(address, cores[0]) as (pid, session):
                await measure_streams(streams, pid, place_call(session))
        if waiting:
            DOCUMENTS[b"/voice"] = WAITING_DOCUMENT
            async with exchange(address, cores[0]) as (pid, session):
                await measure(f"{waiting:>6} waiting calls", waiting, waiting, pid, place_call(session))


@asynccontextmanager
async def exchange(app: str, core: int) -> AsyncIterator[tuple[int, aiohttp.ClientSession]]:
    """Runs an exchange for the app on one core. Yields its process id and a session for its JSON API."""
    account = {"TWILIO_ACCOUNT_SID": new_sid("AC"), "TWILIO_AUTH_TOKEN": new_sid("")}
    options = ["--port", "0", "--pace", "0", "--delivery", "0", "--app", f"http://{app}", "--voice-status", "/done"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ringback", "serve", "--number", NUMBER, *options],
        env=os.environ | account,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        os.sched_setaffinity(process.pid, {core})
        line = process.stdout.readline() if process.stdout else ""
        found = READY.search(line)
        assert found, line
        connector = aiohttp.TCPConnector(limit=MAX_REQUESTS)
        async with aiohttp.ClientSession(found[0], connector=connector) as session:
            yield process.pid, session
    finally:
        process.terminate()
        process.wait(60)


async def measure_calls(calls: int, pid: int, session: aiohttp.ClientSession, address: str, core: int) -> None:
    """Print the results for 10 calls, 100 calls and WAVES waves of `calls` calls; compare the last with a bare client.

    Later waves reuse the handsets and connections of the first."""
    for count in (10, 100, *[calls] * WAVES):
        TrivialApp.recorded.clear()
        ours = await measure(f"{count:>6} simultaneous calls", count, count * 3, pid, place_call(session))
    bare = await bare_client(address, core)
    print(
        f"{'':>6} a bare aiohttp client, same requests: {bare.per_second:.0f} requests/s, "
        f"{bare.cpu_milliseconds:.2f} ms of CPU each; the exchange has {ours.cpu_milliseconds:.2f} ms per webhook, "
        f"{ours.per_second / bare.per_second:.2f} of the rate, "
        f"{ours.cpu_milliseconds / bare.cpu_milliseconds:.1f} times the CPU time",
        flush=True,
    )


async def bare_client(address: str, core: int) -> Cost:
    """Send the recorded requests to the app again, with a bare client on the exchange's core."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.alternatives.bare_client",
        str(core),
        f"http://{address}",
        str(MAX_REQUESTS),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    requests = json.dumps([request.decode() for request in TrivialApp.recorded])
    answer, _ = await process.communicate(requests.encode())
    return Cost(*json.loads(answer))


def place_call(session: aiohttp.ClientSession):  # type: ignore[no-untyped-def]
    async def place(index: int) -> None:
        async with session.post(f"/handsets/+4416329{60001 + index}/calls", json={}) as answer:
            assert answer.status == 201, await answer.text()

    return place


def send_text(session: aiohttp.ClientSession):  # type: ignore[no-untyped-def]
    async def send(index: int) -> None:
        url = f"/handsets/+44163297{index % 9000 + 1000}/texts"
        async with session.post(url, json={"body": f"text {index}"}) as answer:
            assert answer.status == 201, await answer.text()

    return send


async def measure(name: str, count: int, webhooks: int, pid: int, start) -> Cost:  # type: ignore[no-untyped-def]
    """Start `count` calls or texts, wait until the app has received all webhooks, print the cost and return it."""
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
    cost = Cost(webhooks, seconds, cpu_seconds(pid) - cpu)
    print(
        f"{name}: {seconds:6.2f} s, {cost.per_second:6.0f} signed webhooks/s, "
        f"{cost.cpu_milliseconds * webhooks / count:5.2f} ms of CPU each, at most {peak_memory(pid):4.0f} MB",
        flush=True,
    )
    return cost


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
