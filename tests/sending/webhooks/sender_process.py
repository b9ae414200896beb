"""Run by test_killed_senders.py in processes that are killed: sends what is due, for ever."""

# ruff: noqa: E402 - the project's folder must be on the path first

import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[3])]

import redis

from sending.http.client import HttpClient
from sending.webhooks import delivery_jobs, message_delivery
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints

SEAL = Encryption(["a secret key of these tests"])


def main(port: int) -> None:
    store, client = redis.Redis(port=port), HttpClient(allow_loopback=True)
    while True:
        delivery_jobs.enqueue_due(store)
        tried = sum(
            message_delivery.deliver(store, client, SEAL, one.id, http=True) for one in stored_endpoints.load_all(store)
        )
        time.sleep(0 if tried else 0.02)


main(int(sys.argv[1]))
