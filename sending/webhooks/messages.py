"""Messages in Redis, stored once for all endpoints that they go to. They expire after a week."""

import secrets
from collections.abc import Sequence

from store import Pipe, RawClient, Store

MESSAGE_TTL_SECONDS = 7 * 24 * 3600
EXAMPLE_ID_PREFIX = "msg_example_"


def new_id(prefix: str = "msg_") -> str:
    """Return a random message id."""
    return f"{prefix}{secrets.token_hex(12)}"


def id_for_event(event_id: str) -> str:
    """Return the id of the message about the event with this id."""
    return f"msg_{event_id.replace('-', '_')}"


def save(pipe: Store | Pipe, id: str, event_type: str, body: bytes, now: float) -> None:
    """Store the message, unless there is one with this id."""
    fields: dict[str, str | bytes | float] = {"event_type": event_type, "body": body, "time": now}
    for name, value in fields.items():
        pipe.execute_command("HSETNX", _redis_key(id), name, value)
    pipe.execute_command("EXPIRE", _redis_key(id), MESSAGE_TTL_SECONDS)


def save_endpoint_count(pipe: Pipe, id: str, count: int) -> None:
    """Store the number of endpoints that the message goes to."""
    pipe.hset(_redis_key(id), "endpoints", str(count))


def load_body(redis: Store, id: str) -> bytes | None:
    """Return the body, or None if the message does not exist or has expired."""
    found: bytes | None = redis.hget(_redis_key(id), "body")
    return found


def load_event_types(redis: Store | RawClient, ids: Sequence[str]) -> list[str]:
    """Return the event type of each of these messages; "" for those that have expired."""
    pipe = redis.pipeline(transaction=False)
    for id in ids:
        pipe.hget(_redis_key(id), "event_type")
    return [(event_type or b"").decode() for event_type in pipe.execute()]


def _redis_key(id: str) -> str:
    return f"message:{id}"
