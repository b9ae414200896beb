"""Idempotency: a delivery is claimed before it is handled, and its response is stored and returned for every copy."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from werkzeug.exceptions import ServiceUnavailable

from store import DeferredPipeline, Pipe, Store, batching, commit_if_unchanged, new_pipeline
from store.erasure import Erasure, erases, scan

# The claim of a process that has died expires after this time. Twilio waits 15 s, so a waiting copy can still be
# handled in time. A process that was only slow commits nothing if a copy has taken over.
LEASE_SECONDS = 6
CLAIM_TTL_SECONDS = 7 * 24 * 3600  # Twilio's signature has no timestamp: only the stored claim stops a replay attack
# RUNNING is followed by a token; DONE by the response's digest or, if there is no response to store, by a token.
RUNNING, DONE = "running ", "done "
RESPONSE_PREFIX = "response:"  # followed by the digest
WAIT_TIMEOUT_SECONDS = 10  # for the response to the first copy; Twilio waits 15 s
POLL_INTERVAL_SECONDS = 0.02


@dataclass(frozen=True)
class StoredResponse:
    """The response to a delivery and to each copy of it."""

    body: str = ""
    content_type: str = "text/xml; charset=utf-8"
    status: int = 200


@dataclass(frozen=True)
class Claim:
    """The right to handle one delivery until the lease expires: a Redis key and the value that marks it as ours."""

    key: str
    token: str


class StillRunning(ServiceUnavailable):
    """Another copy of this delivery is being handled and has not finished in time."""

    def __init__(self) -> None:
        super().__init__("This delivery is still being processed.", retry_after=5)


def add_claim(pipe: Pipe, key: str) -> Claim:
    """Add a claim to the pipeline. Pass the store's reply to this command to `wait_for_response`."""
    claim = Claim(f"claim:{key}", RUNNING + secrets.token_hex(8))
    pipe.execute_command("SET", claim.key, claim.token, "NX", "GET", "PX", LEASE_SECONDS * 1000, get=True)
    return claim


def wait_for_response(
    redis: Store, claim: Claim, found: bytes | None, sleep: Callable[[float], None] = time.sleep
) -> StoredResponse | None:
    """Return None if the claim is ours, otherwise the stored response. Waits while another copy is being handled.

    `found` is the previous value of the claim's key: our own token if the claim was sent twice.
    Raises StillRunning after WAIT_TIMEOUT_SECONDS.
    """
    until = time.monotonic() + WAIT_TIMEOUT_SECONDS
    while found is not None and found != claim.token.encode():
        if found.startswith(DONE.encode()):
            return load_response(redis, found.decode().removeprefix(DONE))
        if time.monotonic() > until:
            raise StillRunning
        sleep(POLL_INTERVAL_SECONDS)
        found = redis.execute_command("SET", claim.key, claim.token, "NX", "GET", "PX", LEASE_SECONDS * 1000, get=True)
    return None


def complete(redis: Store, pipe: DeferredPipeline, claim: Claim, response: StoredResponse) -> bool:
    """Commit the pipeline and store the response in one transaction. Identical responses are stored only once.

    Returns False and writes nothing if the lease has expired and another copy has taken over.
    """
    digest, stored = _serialize(response)
    pipe.execute_command("SET", claim.key, DONE + digest, "EX", CLAIM_TTL_SECONDS)
    pipe.execute_command("SET", f"{RESPONSE_PREFIX}{digest}", stored, "EX", CLAIM_TTL_SECONDS)
    return commit_if_unchanged(redis, pipe, claim.key, claim.token, execute_with=batching.execute)


def commit_once(redis: Store, pipe: DeferredPipeline, key: str, ttl_seconds: int) -> bool:
    """Commit the pipeline in one transaction, unless this key has already been committed.

    If it has, returns False and writes nothing. Handlers that only write need no lease, so this takes one round trip.
    If the key exists, a second one checks whether it is our own: a commit is sent again if its reply is lost.
    """
    key, value = f"claim:{key}", DONE + secrets.token_hex(8)
    pipe.execute_command("SET", key, value, "EX", ttl_seconds)
    is_new = commit_if_unchanged(redis, pipe, key, "", execute_with=batching.execute)
    return is_new or redis.get(key) == value.encode()


@lru_cache(100)
def _serialize(response: StoredResponse) -> tuple[str, str]:
    """Return the start of the response's SHA-256 and the response as JSON."""
    stored = json.dumps([response.body, response.content_type, response.status], ensure_ascii=False)
    return hashlib.sha256(stored.encode()).hexdigest()[:20], stored


def load_response(redis: Store, digest: str) -> StoredResponse:
    stored = redis.get(f"{RESPONSE_PREFIX}{digest}")
    return StoredResponse(*json.loads(stored)) if stored else StoredResponse(status=204)


def release(redis: Store, claim: Claim) -> None:
    """Give up the claim after an error, so that a retry does not have to wait for the lease to expire."""
    pipe = new_pipeline(redis)
    pipe.execute_command("DEL", claim.key)
    commit_if_unchanged(redis, pipe, claim.key, claim.token)


@erases("responses")
def erase_responses(redis: Store, erasure: Erasure) -> int:
    """Erase stored responses, which contain answers. Claims remain, so a copy of an old delivery changes nothing.

    A response names nobody, so the responses to one person cannot be identified.
    """
    if erasure.number:
        return 0
    age_limit = CLAIM_TTL_SECONDS - max(0.0, time.time() - erasure.before)
    names = scan(redis, f"{RESPONSE_PREFIX}*")
    return sum(redis.delete(name) for name in names if redis.execute_command("TTL", name) <= age_limit)
