"""f(f(x)) = f(x): a delivery is claimed before it is worked on, and its reply is kept for the next copy."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import store_batching
from store import collect, commit

LEASE = 20  # seconds. Longer than the 15 Twilio waits; a claim whose worker died is free again after it
REMEMBERED = 7 * 24 * 3600  # seconds. Twilio's signature carries no time, so a replay is stopped by memory alone
WAIT = 10  # seconds that a second copy waits for the first one's reply; Twilio gives up after 15
LOOK_EVERY = 0.02  # seconds


@dataclass(frozen=True)
class Reply:
    """What we answer, and will answer again to the same delivery."""

    body: str = ""
    content_type: str = "text/xml; charset=utf-8"
    status: int = 200


@dataclass(frozen=True)
class Claim:
    """The right to work on one delivery, until the lease ends."""

    key: str
    mark: str


class StillRunning(Exception):
    """Another copy is being worked on and has not finished in time."""


def ask(pipe: Any, key: str) -> Claim:
    """Put the claim on a pipeline; `settle` reads what came back from it."""
    claim = Claim(f"claim:{key}", "running " + secrets.token_hex(8))
    pipe.execute_command("SET", claim.key, claim.mark, "NX", "GET", "PX", LEASE * 1000, get=True)
    return claim


def settle(redis: Any, claim: Claim, found: bytes | None, sleep: Callable[[float], None] = time.sleep) -> Reply | None:
    """None: the claim is ours. Otherwise the reply the first copy got, waited for if it is still being made."""
    until = time.monotonic() + WAIT
    while found is not None:
        if found.startswith(b"done "):
            return Reply(*json.loads(found[5:]))
        if time.monotonic() > until:
            raise StillRunning
        sleep(LOOK_EVERY)
        found = redis.execute_command("SET", claim.key, claim.mark, "NX", "GET", "PX", LEASE * 1000, get=True)
    return None


def finish(redis: Any, pipe: Any, claim: Claim, reply: Reply) -> bool:
    """Everything on the pipeline and the reply, at once. False: the lease had ended and another copy took over."""
    pipe.execute_command("SET", claim.key, _done(reply), "EX", REMEMBERED)
    return commit(redis, pipe, claim.key, claim.mark, by=store_batching.send)


def do(redis: Any, pipe: Any, key: str, reply: Reply, remembered: int) -> bool:
    """Everything on the pipeline at once, unless it was done before: False, and nothing is written.

    For work that is nothing but these writes: it needs no lease, for it is done or not, and takes one round trip.
    """
    pipe.execute_command("SET", f"claim:{key}", _done(reply), "EX", remembered)
    return commit(redis, pipe, f"claim:{key}", "", by=store_batching.send)


@lru_cache(100)
def _done(reply: Reply) -> str:
    return "done " + json.dumps([reply.body, reply.content_type, reply.status], ensure_ascii=False)


def release(redis: Any, claim: Claim) -> None:
    """Give the claim back after a failure, so that the sender's next try does not wait for the lease."""
    pipe = collect(redis)
    pipe.execute_command("DEL", claim.key)
    commit(redis, pipe, claim.key, claim.mark)
