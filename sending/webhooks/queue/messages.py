"""Messages in Redis, each stored once for all its endpoints.

A message that every endpoint has received is kept for some hours, or for less time if there are many such messages: see
stored_message.lua.
"""

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from store import Pipe, RawClient, Store, execute
from store.erasure import Erasure, erases, scan

NEW_KEY = "messages:new"  # stream: messages not yet queued for endpoints
DELIVERED_KEY, DEAD_KEY = "messages:delivered", "messages:dead"  # lists of messages that no endpoint is waiting for
MESSAGE_TTL_SECONDS = 7 * 24 * 3600
DELIVERED_TTL_SECONDS = 6 * 3600  # during which a delivered message can be sent again
MAX_KEPT_BYTES = 1_500_000  # of the messages in each of the two lists
EXAMPLE_ID_PREFIX = "msg_example_"
PERSONAL_EVENT_TYPES = (b"text.", b"call.", b"answer.", b"recording.", b"person.")
EVENT_TYPE, BODY = 0, 1  # positions in a message's list


class NewMessage(NamedTuple):
    """A message to queue for the endpoints subscribed to its type. `entry` is its id in the stream."""

    entry: str
    event_type: str


def new_id(prefix: str = "msg_") -> str:
    """Return a random message id."""
    return f"{prefix}{secrets.token_hex(12)}"


def id_for_event(event_id: str) -> str:
    """Return the id of the message about the event with this id."""
    return f"msg_{event_id.replace('-', '_')}"


def save_new(pipe: Store | Pipe, id: str, event_type: str, body: bytes) -> None:
    """Store a message to be queued for endpoints."""
    pipe.execute_command("XADD", NEW_KEY, "*", "id", id, "event_type", event_type, "body", body)


def load_new(redis: Store, limit: int) -> list[NewMessage]:
    """Return the messages to be queued, oldest first."""
    rows = redis.xrange(NEW_KEY, count=limit)
    return [NewMessage(entry.decode(), row[b"event_type"].decode()) for entry, row in rows]


def save(pipe: Store | Pipe, id: str, event_type: str, body: bytes) -> None:
    """Store a message that has no recipients yet. Its id must be new."""
    pipe.execute_command("RPUSH", _redis_key(id), event_type, body, 0, 0, 0)
    pipe.execute_command("EXPIRE", _redis_key(id), MESSAGE_TTL_SECONDS)


def load_body(redis: Store, id: str) -> bytes | None:
    """Return the message's body, or None if it does not exist or is no longer stored."""
    found: bytes | None = redis.execute_command("LINDEX", _redis_key(id), BODY)
    return found


def load_bodies(redis: Store, ids: Sequence[str]) -> dict[str, bytes]:
    """Return the body of each of these messages that is still stored."""
    rows = execute(redis, [("LINDEX", _redis_key(id), BODY) for id in ids]) if ids else []
    return {id: body for id, body in zip(ids, rows, strict=True) if body is not None}


def load_event_types(redis: Store | RawClient, ids: Sequence[str]) -> list[str]:
    """Return the event type of each of these messages, or "" for those no longer stored."""
    pipe = redis.pipeline(transaction=False)
    for id in ids:
        pipe.execute_command("LINDEX", _redis_key(id), EVENT_TYPE)
    return [(event_type or b"").decode() for event_type in pipe.execute()]


def _redis_key(id: str) -> str:
    return f"message:{id}"


@erases("webhooks about texts and calls")
def erase(redis: Store, erasure: Erasure) -> int:
    """Erase messages about what people wrote and said, whether or not they have been delivered, or even queued."""
    new = [
        entry.decode()
        for entry, row in redis.xrange(NEW_KEY)  # first, because a worker may queue them in the meantime
        if _is_covered(erasure, row[b"id"].decode(), row[b"event_type"], row[b"body"])
    ]
    erased = int(redis.execute_command("XDEL", NEW_KEY, *new)) if new else 0
    prefix = _redis_key("")
    for key in scan(redis, f"{prefix}msg_*"):
        event_type, body = [*redis.lrange(key, EVENT_TYPE, BODY), b"", b""][:2]
        if _is_covered(erasure, key.removeprefix(prefix), event_type, body):
            erased += redis.delete(key)
    return erased


def _is_covered(erasure: Erasure, id: str, event_type: bytes, body: bytes) -> bool:
    if not event_type.startswith(PERSONAL_EVENT_TYPES):
        return False
    if erasure.number:
        return any(sid.encode() in body for sid in erasure.sids)
    milliseconds = id.split("_")[1]  # see id_for_event
    return float(milliseconds if milliseconds.isdecimal() else 0) / 1000 < erasure.before
