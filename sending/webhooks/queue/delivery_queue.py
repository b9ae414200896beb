"""The delivery queue: which messages wait for which endpoint. It is in Redis, so any process may die at any time.

An endpoint's messages wait in a sorted set, scored by the time of their next attempt. A slot is the right to send to
one endpoint, leased for a limited time and renewed with each message; an endpoint has at most `max_concurrency` slots,
but only one while it is failing. A message being sent becomes due again when its lease ends, in case the sender died.

Each operation is a Lua script and therefore atomic. The scripts build key names from ids, so they require a single
Redis server, not a cluster.
"""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.exceptions import NoScriptError

from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from sending.webhooks.endpoints.failing_endpoints import (
    MAX_CONSECUTIVE_FAILURES,
    MAX_PROBE_INTERVAL_SECONDS,
    MIN_PROBE_INTERVAL_SECONDS,
)
from sending.webhooks.endpoints.stored_endpoints import DUE_KEY, ENDPOINTS_KEY
from sending.webhooks.queue.messages import DELIVERED_TTL_SECONDS, MAX_KEPT_BYTES, MESSAGE_TTL_SECONDS, NEW_KEY
from sending.webhooks.webhook_request import DeliveryAttempt, WebhookMessage
from store import Pipe, RawClient, Store

LEASE_SECONDS = 60.0  # two requests plus one to the fallback URL take at most 45
MAX_ATTEMPTS_KEPT = 1_000  # per endpoint
MAX_ATTEMPT_BYTES = 1_000_000  # for all endpoints together; each has an equal share
MAX_DEAD_LETTERS = 10_000  # per endpoint


def load_script(*names: str) -> str:
    """Return the Lua scripts with these names in this folder, concatenated."""
    return "\n".join((Path(__file__).parent / f"{name}.lua").read_text() for name in names)


PLAN_SCRIPT = load_script("stored_message", "queue_message")
TAKE_DUE_SCRIPT = load_script("take_due_endpoints")
ACQUIRE_SCRIPT = load_script("acquire_slot")
CLAIM_SCRIPT = load_script("stored_message", "release_slot", "rate_limit", "claim_message")
SETTLE_SCRIPT = load_script("stored_message", "record_result")
RELEASE_SCRIPT = load_script("release_slot") + "\nreturn release_slot(ARGV[1], ARGV[2])"
SCRIPTS = (PLAN_SCRIPT, TAKE_DUE_SCRIPT, ACQUIRE_SCRIPT, CLAIM_SCRIPT, SETTLE_SCRIPT, RELEASE_SCRIPT)


@dataclass(frozen=True)
class ClaimedMessage:
    """A message to send now.

    `lost_attempts` counts the preceding attempts whose process died before recording the result. `endpoint_count` is
    the number of endpoints to which the message is sent.
    """

    message: WebhookMessage
    lost_attempts: int
    endpoint_count: int


@dataclass(frozen=True)
class DeliveryResult:
    """The result of sending one message. `state` is delivered, waiting (until `next_attempt_at`), dead or filtered.

    Until `hold_until`, nothing is sent to the endpoint. Both times are Unix timestamps. `jitter_factor` (0 to 1)
    shortens the interval between probes. `extra_writes` adds commands to the same round trip.
    """

    message: WebhookMessage
    attempts: list[DeliveryAttempt]
    state: str
    next_attempt_at: float = 0.0
    hold_until: float = 0.0
    jitter_factor: float = 1.0
    extra_writes: Callable[[Pipe], None] | None = None


class DeliveryQueue:
    """The queue's operations. Each is atomic."""

    def __init__(self, redis: RawClient) -> None:
        self.redis = redis
        self._sha1s = {script: redis.script_load(script) for script in SCRIPTS}

    def plan(self, receivers: Mapping[str, list[str]], now: float) -> None:
        """Queue new messages, identified by their stream entries, for these endpoints. Each message is queued once."""
        self._run(
            *(
                ScriptCall(PLAN_SCRIPT, (NEW_KEY, DUE_KEY), (entry, now, MESSAGE_TTL_SECONDS, *ids))
                for entry, ids in receivers.items()
            )
        )

    def take_due(self, now: float, limit: int, due_again_at: float) -> list[tuple[str, int, int]]:
        """Return (id, due messages, consecutive failures) for each endpoint that is due.

        The endpoints become due again at `due_again_at`, in case their jobs are lost.
        """
        (found,) = self._run(ScriptCall(TAKE_DUE_SCRIPT, (DUE_KEY,), (now, due_again_at, limit)))
        return [(id.decode(), waiting, failures) for id, waiting, failures in found]

    def acquire(self, endpoint: WebhookEndpoint, slot: str, now: float) -> ClaimedMessage | None:
        """Acquire a slot and claim the first message that is due.

        Returns None if no message is due, if all slots are taken, or if sending to the endpoint is on hold.
        """
        arguments = (endpoint.id, slot, now, now + LEASE_SECONDS, endpoint.max_concurrency, MAX_CONSECUTIVE_FAILURES)
        acquire = ScriptCall(ACQUIRE_SCRIPT, (), arguments)
        _, claimed = self._run(acquire, _claim_call(endpoint, slot, now, had_slot=False))
        return _parse_claim(claimed)

    def settle(
        self, endpoint: WebhookEndpoint, slot: str, result: DeliveryResult, now: float, claim_next: bool
    ) -> tuple[float, ClaimedMessage | None]:
        """Record the result of one message, then claim the next one or release the slot, in one round trip.

        Returns the time since which every attempt has failed (0.0 if the last one succeeded), and the claimed message.
        If no message is claimed, the slot is released.
        """
        next_call = _claim_call(endpoint, slot, now, had_slot=True) if claim_next else _release_call(endpoint.id, slot)
        settled, claimed = self._run(_settle_call(endpoint.id, result, now), next_call, also=result.extra_writes)
        return float(settled[1]), _parse_claim(claimed) if claim_next else None

    def release(self, endpoint_id: str, slot: str) -> None:
        """Release the slot. The endpoint becomes due when its next message does."""
        self._run(_release_call(endpoint_id, slot))

    def _run(self, *calls: "ScriptCall", also: Callable[[Pipe], None] | None = None) -> list[Any]:
        """Run the scripts in one round trip and return their replies. Reloads them if Redis has been restarted."""
        for _ in range(2):
            pipe = self.redis.pipeline(transaction=False)
            for call in calls:
                pipe.evalsha(self._sha1s[call.script], len(call.keys), *call.keys, *call.arguments)  # type: ignore[no-untyped-call]
            if also:
                also(pipe)
            try:
                return pipe.execute()[: len(calls)]
            except NoScriptError:
                also = None  # these commands are no scripts, so they have been executed
                for script in SCRIPTS:
                    self.redis.script_load(script)
        raise RuntimeError("Redis does not keep the scripts that we load.")


@dataclass(frozen=True)
class ScriptCall:
    """A script with its keys and arguments."""

    script: str
    keys: tuple[str, ...]
    arguments: tuple[Any, ...]


@functools.lru_cache(maxsize=4)
def get_delivery_queue(redis: Store) -> DeliveryQueue:
    """Return the delivery queue in this store. Its scripts are loaded once per process."""
    return DeliveryQueue(RawClient(redis))


def load_attempts(redis: Store, endpoint_id: str, limit: int = 100) -> list[DeliveryAttempt]:
    """Return the latest delivery attempts to this endpoint, newest first."""
    rows = redis.xrevrange(f"endpoint:{endpoint_id}:attempts", count=limit)
    return [DeliveryAttempt(**json.loads(row[b"a"])) for _, row in rows]


def count_waiting(redis: Store, endpoint_id: str) -> int:
    """Return how many messages are waiting for this endpoint, whether due or not."""
    return redis.zcard(f"endpoint:{endpoint_id}:due")


def _settle_call(endpoint_id: str, result: DeliveryResult, now: float) -> ScriptCall:
    message = (result.message.id, result.message.attempt_number, now)
    probes = (MAX_CONSECUTIVE_FAILURES, MIN_PROBE_INTERVAL_SECONDS, MAX_PROBE_INTERVAL_SECONDS, result.jitter_factor)
    records = [json.dumps(vars(each), ensure_ascii=False, separators=(",", ":")) for each in result.attempts]
    arguments = (endpoint_id, *message, result.state, result.next_attempt_at, result.hold_until)
    limits = (MAX_ATTEMPTS_KEPT, MAX_ATTEMPT_BYTES, MAX_DEAD_LETTERS, MAX_KEPT_BYTES)
    ttls = (DELIVERED_TTL_SECONDS, MESSAGE_TTL_SECONDS)
    return ScriptCall(SETTLE_SCRIPT, (ENDPOINTS_KEY,), (*arguments, *probes, *limits, *ttls, *records))


def _claim_call(endpoint: WebhookEndpoint, slot: str, now: float, had_slot: bool) -> ScriptCall:
    lease, limits = (now, now + LEASE_SECONDS), (endpoint.rate_limit, MAX_CONSECUTIVE_FAILURES)
    return ScriptCall(
        CLAIM_SCRIPT, (DUE_KEY,), (endpoint.id, slot, *lease, *limits, int(had_slot), MESSAGE_TTL_SECONDS)
    )


def _release_call(endpoint_id: str, slot: str) -> ScriptCall:
    return ScriptCall(RELEASE_SCRIPT, (DUE_KEY,), (endpoint_id, slot))


def _parse_claim(reply: list[Any] | None) -> ClaimedMessage | None:
    if not reply:
        return None
    id, event_type, body, sequence, attempt_number, lost_attempts, endpoint_count = reply
    message = WebhookMessage(id.decode(), event_type.decode(), body, int(sequence), attempt_number)
    return ClaimedMessage(message, int(lost_attempts or 0), int(endpoint_count or 0))
