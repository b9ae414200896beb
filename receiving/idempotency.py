"""f(f(x)) = f(x): a delivery is claimed before it is worked on, and its response is kept for the next copy."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import store_batching
from store import commit_if_unchanged, new_pipeline

LEASE_SECONDS = 20  # seconds. Longer than the 15 Twilio waits; a claim whose worker died is free again after it
CLAIM_TTL_SECONDS = 7 * 24 * 3600  # seconds. Twilio's signature carries no time, so a replay is stopped by memory alone
WAIT_TIMEOUT_SECONDS = 10  # seconds that a second copy waits for the first one's response; Twilio gives up after 15
POLL_INTERVAL_SECONDS = 0.02  # seconds


@dataclass(frozen=True)
class StoredResponse:
    """What we answer, and will answer again to the same delivery."""

    body: str = ""
    content_type: str = "text/xml; charset=utf-8"
    status: int = 200


@dataclass(frozen=True)
class Claim:
    """The right to work on one delivery, until the lease ends."""

    key: str
    token: str


class StillRunning(Exception):
    """Another copy is being worked on and has not finished in time."""


def add_claim(pipe: Any, key: str) -> Claim:
    """Put the claim on a pipeline; `settle` reads what came back from it."""
    claim = Claim(f"claim:{key}", "running " + secrets.token_hex(8))
    pipe.execute_command("SET", claim.key, claim.token, "NX", "GET", "PX", LEASE_SECONDS * 1000, get=True)
    return claim


def wait_for_response(
    redis: Any, claim: Claim, found: bytes | None, sleep: Callable[[float], None] = time.sleep
) -> StoredResponse | None:
    """None: the claim is ours. Otherwise the response the first copy got, waited for if it is still being made.

    `found` is our own token if the claim was sent twice, because the store did not answer the first time.
    """
    until = time.monotonic() + WAIT_TIMEOUT_SECONDS
    while found is not None and found != claim.token.encode():
        if found.startswith(b"done "):
            return StoredResponse(*json.loads(found[5:]))
        if time.monotonic() > until:
            raise StillRunning
        sleep(POLL_INTERVAL_SECONDS)
        found = redis.execute_command("SET", claim.key, claim.token, "NX", "GET", "PX", LEASE_SECONDS * 1000, get=True)
    return None


def complete(redis: Any, pipe: Any, claim: Claim, response: StoredResponse) -> bool:
    """Everything on the pipeline and the response, at once. False: the lease had ended and another copy took over."""
    pipe.execute_command("SET", claim.key, _done_value(response), "EX", CLAIM_TTL_SECONDS)
    return commit_if_unchanged(redis, pipe, claim.key, claim.token, by=store_batching.execute)


def commit_once(redis: Any, pipe: Any, key: str, response: StoredResponse, ttl_seconds: int) -> bool:
    """Everything on the pipeline at once, unless it was done before: False, and nothing is written.

    For work that is nothing but these writes: it needs no lease, for it is done or not, and takes one round trip.
    """
    pipe.execute_command("SET", f"claim:{key}", _done_value(response), "EX", ttl_seconds)
    return commit_if_unchanged(redis, pipe, f"claim:{key}", "", by=store_batching.execute)


@lru_cache(100)
def _done_value(response: StoredResponse) -> str:
    return "done " + json.dumps([response.body, response.content_type, response.status], ensure_ascii=False)


def release(redis: Any, claim: Claim) -> None:
    """Give the claim back after a failure, so that the sender's next try does not wait for the lease."""
    pipe = new_pipeline(redis)
    pipe.execute_command("DEL", claim.key)
    commit_if_unchanged(redis, pipe, claim.key, claim.token)
