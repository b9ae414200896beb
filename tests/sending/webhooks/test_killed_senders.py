"""Killed senders: each receiver gets each message, and every attempt is recorded."""

import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sending.http.client import HttpClient
from sending.webhooks import delivery_jobs
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue import delivery_queue
from tests.support.receivers import OK, answers, receiver
from tests.support.waiting import eventually
from tests.support.webhook_sender import delivery_state

SEAL = Encryption(["a secret key of these tests"])  # as in sender_process.py
RECEIVERS, MESSAGES, KILLS = 4, 60, 2


def test_killed_senders_lose_no_message(redis, store):
    client = HttpClient(allow_loopback=True)
    with ExitStack() as stack:
        there = [stack.enter_context(receiver(answers(OK))) for _ in range(RECEIVERS)]
        urls = [f"http://127.0.0.1:{it.port}/" for it in there]
        ids = [stored_endpoints.create(redis, client, SEAL, url, http=True).id for url in urls]
        messages = [delivery_jobs.deliver_later(redis, "text.received", {"n": n}) for n in range(MESSAGES)]
        for kill in range(1, KILLS + 1):
            with sender(store.port):
                eventually(lambda kill=kill: total(there) >= kill * RECEIVERS * MESSAGES / (KILLS + 1))
            leases_end(redis, ids)
        with sender(store.port):
            eventually(lambda: all(settled(redis, id, messages) for id in ids))
    for it, id in zip(there, ids, strict=True):
        heard = Counter(message_id(request) for request in it.requests)
        assert set(heard) == set(messages)
        assert sum(heard.values()) <= len(messages) + KILLS
        written = Counter(row.message for row in delivery_queue.load_attempts(redis, id, limit=1_000))
        assert all(written[message] >= heard[message] for message in messages)


@contextmanager
def sender(port):
    """A sending process that ends by kill -9."""
    process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("sender_process.py")), str(port)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def leases_end(redis, ids):
    """Makes the messages of the killed sender due again, as if a minute had passed."""
    for id in ids:
        redis.delete(f"endpoint:{id}:slots")
        for message in redis.zrange(f"endpoint:{id}:due", 0, -1):
            redis.zadd(f"endpoint:{id}:due", {message: 1})


def settled(redis, id, messages):
    return all(delivery_state(redis, message, id) == "delivered" for message in messages)


def total(there):
    return sum(len(it.requests) for it in there)


def message_id(request):
    return next(line[12:] for line in request.decode().split("\r\n") if line.startswith("webhook-id: "))
