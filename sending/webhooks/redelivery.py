"""Sends one message again, everything that failed in a period, or an example of an event type."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sending.webhooks import event_schemas, payloads
from sending.webhooks.endpoints.stored_endpoints import DUE_KEY
from sending.webhooks.queue import messages
from sending.webhooks.queue.delivery_queue import load_script
from sending.webhooks.queue.messages import EXAMPLE_ID_PREFIX, MESSAGE_TTL_SECONDS
from store import Store

BATCH_SIZE = 100  # messages between two progress reports
RESEND_SCRIPT = load_script("stored_message", "resend_message")
RESENT, EXPIRED, DISABLED = 1, 0, -1  # the script's return values


class EndpointDisabled(Exception):
    """Nothing is sent to a disabled endpoint."""

    def __init__(self) -> None:
        super().__init__("This endpoint is disabled. Resume it first, then send again.")


@dataclass(frozen=True)
class DeadLetter:
    """A message whose last attempt failed. `message` is its id; `event_type` is "" once the message has expired.

    `given_up_at` is a Unix timestamp.
    """

    message: str
    event_type: str
    given_up_at: float


def resend(redis: Store, endpoint_id: str, message_id: str, now: float | None = None) -> bool:
    """Send the message again, with the same id and sequence, on a new schedule. Returns False if it has expired.

    Raises EndpointDisabled.
    """
    arguments = (endpoint_id, message_id, now or time.time(), MESSAGE_TTL_SECONDS)
    reply = redis.eval(RESEND_SCRIPT, 1, DUE_KEY, *arguments)
    if reply == DISABLED:
        raise EndpointDisabled
    return bool(reply == RESENT)


def load_dead_letters(redis: Store, endpoint_id: str, limit: int = 100) -> tuple[int, list[DeadLetter]]:
    """Return the number of an endpoint's dead letters, and the latest of them, newest first."""
    key = f"endpoint:{endpoint_id}:dead"
    newest = [(id.decode(), given_up_at) for id, given_up_at in redis.zrevrange(key, 0, limit - 1, withscores=True)]
    event_types = messages.load_event_types(redis, [id for id, _ in newest])
    pairs = zip(newest, event_types, strict=True)
    return redis.zcard(key), [DeadLetter(id, event_type, given_up_at) for (id, given_up_at), event_type in pairs]


def find_failed(redis: Store, endpoint_id: str, since: float, until: float) -> list[str]:
    """Return the ids of messages that failed in this period: dead letters, and those waiting for another attempt."""
    dead_letters = redis.zrangebyscore(f"endpoint:{endpoint_id}:dead", since, until)
    waiting = redis.zrangebyscore(f"endpoint:{endpoint_id}:due", f"({until}", "+inf")
    pipe = redis.pipeline(transaction=False)
    for id in waiting:
        pipe.hmget(f"delivery:{id.decode()}:{endpoint_id}", ["attempts", "started_at"])
    pairs = zip(waiting, pipe.execute(), strict=True)
    retried = [id for id, (attempts, started_at) in pairs if _has_failed_since(attempts, started_at, since)]
    return [id.decode() for id in (*dead_letters, *retried)]


def recover(redis: Store, endpoint_id: str, since: float, until: float) -> Iterator[tuple[int, int]]:
    """Resend everything that failed in this period. Yields (messages resent, messages found) after each batch.

    Messages that have expired are not counted. After an interruption, another call resends the rest. Raises
    EndpointDisabled.
    """
    found = find_failed(redis, endpoint_id, since, until)
    resent, expired = 0, 0
    yield 0, len(found)
    for start in range(0, len(found), BATCH_SIZE):
        for message_id in found[start : start + BATCH_SIZE]:
            if resend(redis, endpoint_id, message_id):
                resent += 1
            else:
                expired += 1
        yield resent, len(found) - expired


def send_example(redis: Store, endpoint_id: str, event_type: str, now: float | None = None) -> str:
    """Send the catalogue's example to this endpoint, whatever it subscribes to. Returns the message's id.

    Raises EndpointDisabled.
    """
    now, id = now or time.time(), messages.new_id(EXAMPLE_ID_PREFIX)
    data = event_schemas.build_example(event_type)["data"]
    messages.save(redis, id, event_type, payloads.build_envelope(event_type, data, now))
    resend(redis, endpoint_id, id, now)
    return id


def _has_failed_since(attempts: bytes | None, started_at: bytes | None, since: float) -> bool:
    return int(attempts or 0) > 0 and float(started_at or 0) >= since
