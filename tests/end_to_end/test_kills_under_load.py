"""Web, worker and store are killed at any time while events flow to many receivers: nobody misses one, none is lost.

EVENTS=1000 RECEIVERS=20 KILLS=4 run it at full size; leases then really expire, a minute after each kill.
"""

import asyncio
import http.client
import json
import os
import random
import re
import socket
import threading
import time
from collections import Counter
from dataclasses import replace
from urllib.request import Request, urlopen

import pytest

from config import Secret
from receiving import providers
from tests.support.deployment import Deployment
from tests.support.webhook_sender import delivery_state

EVENTS, RECEIVERS = int(os.environ.get("EVENTS", "100")), int(os.environ.get("RECEIVERS", "5"))
KILLS, SEED = int(os.environ.get("KILLS", "1")), int(os.environ.get("SEED", "2026"))  # kills of each process
IS_WHOLE = EVENTS >= 1_000
AHEAD = EVENTS // 5  # the sender's maximum lead over deliveries, in events, so that kills hit busy processes
WITHIN = 900.0 if IS_WHOLE else 150.0  # seconds
TOKEN, SECRET = "a-token-of-the-endpoint-api", "the-demo-secret-of-github"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
ID, LENGTH = re.compile(rb"(?i)\nwebhook-id: ([^\r]+)"), re.compile(rb"(?i)\ncontent-length: ([0-9]+)")
EVENT = re.compile(rb"event number ([0-9]+)")


@pytest.fixture
def deployment(tmp_path):
    deployment = Deployment(tmp_path, API_TOKENS=TOKEN, WEB_CONCURRENCY="1")
    try:
        yield deployment.start()
    finally:
        deployment.stop()


@pytest.fixture
def receivers():
    there = Receivers()
    yield there
    there.stop()


def test_kills_lose_no_webhook_and_no_record_of_an_attempt(deployment, receivers):
    hooks = [subscribe(deployment, url) for url in receivers.urls]
    sender, began, seen = Sender(deployment, receivers), time.monotonic(), 0
    for moment, name in sorted(kills()):
        least = max(moment, seen + 1)  # not while all is idle
        deployment.until(lambda least=least: receivers.total >= least, "more webhooks arrived", WITHIN)
        deployment.kill(name)
        deployment.start(name)
        if name != "web" and not IS_WHOLE:
            expire_leases(deployment, hooks)
        seen = receivers.total
    sender.has_sent_all(deployment)
    deployment.until(lambda: receivers.have_all(EVENTS), lambda: f"all arrived; so far {receivers.summary}", WITHIN)
    deployment.until(lambda: all(is_settled(deployment, hook) for hook in hooks), "all is settled", WITHIN)
    twice = sum(map(Counter.total, receivers.heard)) - receivers.total
    figures = (
        f"{EVENTS} events, {RECEIVERS} receivers, {3 * KILLS} kills: {receivers.total} webhooks, {twice} of them twice"
    )
    print(f"{figures}, in {time.monotonic() - began:.0f} s; {sender.again} posts were made again")
    for heard in receivers.heard:
        assert sorted(number for id in heard for number in receivers.told[id]) == list(range(EVENTS))
    for hook, heard in zip(hooks, receivers.heard, strict=True):
        written, forgotten = attempts(deployment, hook)
        assert sum(max(times - written[id], 0) for id, times in heard.items()) <= forgotten
        assert all(state(deployment, id, hook) == b"delivered" for id in heard)


def kills():
    """(after how many arrivals, which process); seeded, so that a failure can be reproduced."""
    chance, all_of_it = random.Random(SEED), EVENTS * RECEIVERS
    return [(int(chance.uniform(0.02, 0.9) * all_of_it), name) for name in ("web", "worker", "store") * KILLS]


def subscribe(deployment, url):
    body = json.dumps({"url": url, "event_types": ["github.*"]}).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with urlopen(Request(f"{deployment.web}/api/endpoints", body, headers), timeout=10) as answer:
        return json.load(answer)["id"]


def expire_leases(deployment, hooks):
    """Make messages in delivery due again, as when their leases expire."""
    for hook in hooks:
        deployment.redis.delete(f"endpoint:{hook}:slots")
        for id in deployment.redis.zrange(f"endpoint:{hook}:due", 0, -1):
            deployment.redis.zadd(f"endpoint:{hook}:due", {id: 1})
        deployment.redis.zadd("endpoints:due", {hook: 1})


def is_settled(deployment, hook):
    return deployment.redis.zcard(f"endpoint:{hook}:due") == 0


def state(deployment, id, hook):
    return delivery_state(deployment.redis, id, hook).encode()


def attempts(deployment, hook):
    """How many attempts at each message are written down, and how many of the oldest are no longer kept."""
    key = f"endpoint:{hook}:attempts"
    rows, ever = deployment.redis.xrange(key), deployment.redis.xinfo_stream(key)["entries-added"]
    return Counter(json.loads(row[b"a"])["message"] for _, row in rows), ever - len(rows)


class Sender:
    """GitHub, which sends each event under the same id until it is accepted."""

    def __init__(self, deployment, receivers):
        self.deployment, self.receivers, self.again, self.sent = deployment, receivers, 0, 0
        self.thread = threading.Thread(target=self.send_all, daemon=True)
        self.thread.start()

    def has_sent_all(self, deployment):
        deployment.until(lambda: self.sent == EVENTS, lambda: f"all were sent; so far {self.sent}", WITHIN)
        self.thread.join(5)

    def send_all(self):
        github = providers.load()["github"]
        for number in range(EVENTS):
            while self.sent - self.receivers.total / RECEIVERS > AHEAD:
                time.sleep(0.01)
            sample = github.sample("issues", f"{self.deployment.web}/webhooks/github")
            facts = json.loads(sample.body)
            facts["issue"]["title"] = f"event number {number}"
            self.send(github.sign(replace(sample, body=json.dumps(facts).encode()), (Secret(SECRET),)))
            self.sent += 1

    def send(self, delivery):
        while self.status(delivery) // 100 != 2:
            self.again += 1
            time.sleep(0.05)

    def status(self, delivery):
        connection = http.client.HTTPConnection("127.0.0.1", self.deployment.web_port, timeout=10)
        try:
            connection.request("POST", "/webhooks/github", delivery.body, delivery.headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


class Receivers:
    """Receivers in one thread, which count how often each gets each id."""

    def __init__(self):
        self.heard = [Counter() for _ in range(RECEIVERS)]
        self.open = set()  # servers and connections
        self.told = {}  # which events the messages with this id were about
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(RECEIVERS)]
        self.urls = [f"http://127.0.0.1:{one.getsockname()[1]}/hook" for one in sockets]
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, args=[sockets], daemon=True)
        self.thread.start()

    @property
    def total(self):
        """Different ids, over all receivers."""
        return sum(map(len, self.heard))

    @property
    def summary(self):
        return [len(heard) for heard in self.heard]

    def have_all(self, events):
        return all(len(heard) >= events for heard in self.heard)

    def run(self, sockets):
        asyncio.set_event_loop(self.loop)
        for at, one in enumerate(sockets):
            opened = self.loop.create_server(lambda at=at: Connection(self, at), sock=one)
            self.open.add(self.loop.run_until_complete(opened))
        self.loop.run_forever()
        for thing in list(self.open):
            thing.close()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)


class Connection(asyncio.Protocol):
    """Keeps connections alive, records the whole request, then responds."""

    def __init__(self, there, at):
        self.there, self.at, self.buffer = there, at, b""

    def connection_made(self, transport):
        self.transport = transport
        self.there.open.add(transport)

    def connection_lost(self, error):
        self.there.open.discard(self.transport)

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n") + 4) >= 4:
            length = int(LENGTH.search(self.buffer, 0, end)[1])
            if len(self.buffer) < end + length:
                return
            request, self.buffer = self.buffer[: end + length], self.buffer[end + length :]
            id, number = ID.search(request)[1].decode(), int(EVENT.search(request)[1])
            self.there.told.setdefault(id, set()).add(number)
            self.there.heard[self.at][id] += 1
            self.transport.write(ANSWER)
