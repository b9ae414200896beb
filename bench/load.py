"""A load generator that costs little itself: prepared requests over plain sockets, a few at a time."""

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

ROUND = 1.0  # seconds
WARM_UP = 0.5  # seconds


@dataclass
class Tally:
    """What came back: seconds for each answer, and how long all of them took."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0  # seconds of processor time that the server spent, if somebody measured them
    store: float = 0.0  # and the store

    def add(self, other: "Tally") -> None:
        """Put another round's tally to this one."""
        self.times += other.times
        self.seconds += other.seconds
        self.processor += other.processor
        self.store += other.store

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    @property
    def cost(self) -> float:
        """Processor time of one answer in microseconds, server and store together: others at work hardly change it."""
        return (self.processor + self.store) / max(len(self.times), 1) * 1e6

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


def in_turns(runs: dict[str, Callable[[float], Tally]], rounds: int) -> dict[str, Tally]:
    """Each for a moment, then again, so that what else the machine does falls on all of them alike."""
    tallies = {name: Tally() for name in runs}
    for run in runs.values():
        run(WARM_UP)
    for _ in range(rounds):
        for name, run in runs.items():
            tallies[name].add(run(ROUND))
    return tallies


def measured(run: Callable[[float], Tally], server: int, store: int) -> Callable[[float], Tally]:
    """The same run, and what these processes, with their children, spent on it. Known on Linux only, elsewhere 0."""

    def measure(seconds: float) -> Tally:
        before = processor_time(server), processor_time(store)
        tally = run(seconds)
        tally.processor, tally.store = processor_time(server) - before[0], processor_time(store) - before[1]
        return tally

    return measure


def processor_time(pid: int) -> float:
    """Seconds so far; fields 14 and 15 of proc_pid_stat(5)."""
    total = 0
    for file in [Path(f"/proc/{pid}/stat"), *(Path(f"/proc/{child}/stat") for child in children(pid))]:
        with contextlib.suppress(OSError):
            words = file.read_text().rpartition(")")[2].split()
            total += int(words[11]) + int(words[12])
    return total / os.sysconf("SC_CLK_TCK")


def process_of(store: int) -> int:
    """The number of the process of the store at this port."""
    with Redis(port=store) as redis:
        return int(redis.info("server")["process_id"])


def children(pid: int) -> list[str]:
    """Their numbers, of all its threads."""
    return [child for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def drive(port: int, requests: Iterator[bytes], seconds: float, connections: int = 16) -> Tally:
    """Send requests for some seconds or until there are no more, one at a time on each connection.

    An answer other than 200 or 204 ends it.
    """
    return asyncio.run(_drive(port, requests, seconds, connections))


async def _drive(port: int, requests: Iterator[bytes], seconds: float, connections: int) -> Tally:
    tally, began = Tally(), time.perf_counter()
    until = began + seconds
    await asyncio.gather(*(_one(port, requests, until, tally) for _ in range(connections)))
    tally.seconds = time.perf_counter() - began
    return tally


async def _one(port: int, requests: Iterator[bytes], until: float, tally: Tally) -> None:
    reader = writer = None
    while time.perf_counter() < until and (request := next(requests, None)):
        began = time.perf_counter()
        if writer is None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith((b"http/1.1 200", b"http/1.1 204")):
            raise RuntimeError(f"unexpected answer: {head[:200]!r} {await reader.read(300)!r}")
        if b"content-length: " in head:
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        tally.times.append(time.perf_counter() - began)
        if b"connection: close" in head:
            writer.close()
            reader = writer = None
    if writer is not None:
        writer.close()


def posts(path: str, host: str, bodies: Iterator[tuple[bytes, str]]) -> Iterator[bytes]:
    """Requests from (body, signature) pairs."""
    for body, signature in bodies:
        yield (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"User-Agent: TwilioProxy/1.1\r\nAccept: */*\r\nX-Twilio-Signature: {signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def counted() -> Iterator[int]:
    """1, 2, 3, … for the whole run, so that no two deliveries are the same."""
    return itertools.count(1)
