"""Idempotency: a delivery is claimed before it is handled, and its response is stored and returned to all copies."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import store_batching
from store import DeferredPipeline, Pipe, Store, commit_if_unchanged, new_pipeline

LEASE_SECONDS = 20  # longer than Twilio waits (15 s); then the claim of a process that died expires
CLAIM_TTL_SECONDS = 7 * 24 * 3600  # Twilio's signature has no timestamp: only the stored claim stops a replay attack
WAIT_TIMEOUT_SECONDS = 10  # for the response to the first copy; Twilio waits 15 s
POLL_INTERVAL_SECONDS = 0.02


@dataclass(frozen=True)
class StoredResponse:
    """The response to a delivery, and to each copy of it."""

    body: str = ""
    content_type: str = "text/xml; charset=utf-8"
    status: int = 200


@dataclass(frozen=True)
class Claim:
    """The right to handle one delivery until the lease expires: a Redis key, and the value that marks it as ours."""

    key: str
    token: str


class StillRunning(Exception):
    """Another copy of this delivery is being handled and was not finished in time."""


def add_claim(pipe: Pipe, key: str) -> Claim:
    """Add a claim to the pipeline. Pass the store's reply to this command on to `wait_for_response`."""
    claim = Claim(f"claim:{key}", "running " + secrets.token_hex(8))
    pipe.execute_command("SET", claim.key, claim.token, "NX", "GET", "PX", LEASE_SECONDS * 1000, get=True)
    return claim


def wait_for_response(
    redis: Store, claim: Claim, found: bytes | None, sleep: Callable[[float], None] = time.sleep
) -> StoredResponse | None:
    """Return None if the claim is ours, otherwise the stored response. Waits while another copy is being handled.

    `found` is the value that was at the claim's key before: our own token if the claim was sent twice.
    Raises StillRunning after WAIT_TIMEOUT_SECONDS.
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


def complete(redis: Store, pipe: DeferredPipeline, claim: Claim, response: StoredResponse) -> bool:
    """Commit the pipeline and store the response, in one transaction.

    Returns False, and writes nothing, if the lease has expired and another copy took over.
    """
    pipe.execute_command("SET", claim.key, _done_value(response), "EX", CLAIM_TTL_SECONDS)
    return commit_if_unchanged(redis, pipe, claim.key, claim.token, execute_with=store_batching.execute)


def commit_once(redis: Store, pipe: DeferredPipeline, key: str, response: StoredResponse, ttl_seconds: int) -> bool:
    """Commit the pipeline and store the response, in one transaction, unless this key has a response.

    Returns False, and writes nothing, if it has. Handlers that only write need no lease: this takes one round trip.
    """
    pipe.execute_command("SET", f"claim:{key}", _done_value(response), "EX", ttl_seconds)
    return commit_if_unchanged(redis, pipe, f"claim:{key}", "", execute_with=store_batching.execute)


@lru_cache(100)
def _done_value(response: StoredResponse) -> str:
    return "done " + json.dumps([response.body, response.content_type, response.status], ensure_ascii=False)


def release(redis: Store, claim: Claim) -> None:
    """Give up the claim after an error, so that a retry does not have to wait for the lease to expire."""
    pipe = new_pipeline(redis)
    pipe.execute_command("DEL", claim.key)
    commit_if_unchanged(redis, pipe, claim.key, claim.token)
