"""The outbox: every text and call is recorded before it is sent, so that it is sent once.

States and transitions:
    planned -> sending         a process starts its request to Twilio
    sending -> sent, failed    Twilio answered
    sending -> planned         Twilio did not act (429, no connection): retry later
    sending -> unknown         Twilio may have acted (timeout, 5xx, the process died): look it up before any retry
    unknown -> sent, planned   the lookup found the message, or did not find it
"""

import time
from dataclasses import dataclass
from typing import Any

from store import Pipe, Store, commit_if_unchanged, new_pipeline

DUE_KEY = "outbox:due"  # sorted set: ids of messages that are not settled, by the time of their next check
MESSAGE_TTL_SECONDS = 7 * 24 * 3600
SENDING_TIMEOUT_SECONDS = 30  # a request takes at most 10 seconds, so after this its process has died
SETTLED_STATES = ("sent", "failed")


@dataclass(frozen=True)
class OutboundMessage:
    """A text or call to one person. `subject` is the sid of the call or text that caused it, or ""."""

    id: str
    to: str
    body: str
    subject: str
    state: str = "planned"
    sid: str = ""
    reason: str = ""
    tries: int = 0
    started_at: float = 0.0  # start of the last try, in seconds since 1970

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will be tried."""
        return self.state in SETTLED_STATES


def plan(pipe: Store | Pipe, message: OutboundMessage, now: float | None = None, queue_key: str = DUE_KEY) -> None:
    """Record the message, in the transaction of whatever causes it. Does nothing if its id is already recorded.

    `queue_key` is another sorted set for messages of low priority; the caller moves them to DUE_KEY later.
    """
    key = f"outbox:{message.id}"
    row = {"to": message.to, "body": message.body, "subject": message.subject, "state": "planned"}
    for name, value in row.items():
        pipe.execute_command("HSETNX", key, name, value)
    pipe.execute_command("EXPIRE", key, MESSAGE_TTL_SECONDS)
    pipe.execute_command("ZADD", queue_key, "NX", now or time.time(), message.id)


def load(redis: Store, id: str) -> OutboundMessage | None:
    """Return the message with this id, or None if it does not exist or has expired."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(f"outbox:{id}").items()}
    if not row:
        return None
    return OutboundMessage(
        id,
        row["to"],
        row["body"],
        row["subject"],
        row["state"],
        row.get("sid", ""),
        row.get("reason", ""),
        int(row.get("tries", 0)),
        float(row.get("started_at", 0)),
    )


def start_sending(redis: Store, message: OutboundMessage, now: float | None = None) -> bool:
    """planned -> sending. Returns False if another process was faster."""
    now = now or time.time()
    fields = {"tries": message.tries + 1, "started_at": now}
    return _transition(redis, message.id, "planned", "sending", fields, next_check_at=now + SENDING_TIMEOUT_SECONDS)


def settle(redis: Store, id: str, expected: str, state: str, **fields: Any) -> bool:
    """expected -> sent or failed. Returns False if the message was no longer in the expected state."""
    return _transition(redis, id, expected, state, fields, next_check_at=None)


def mark_unknown(redis: Store, id: str, next_check_at: float) -> bool:
    """sending -> unknown. Returns False if the message was no longer being sent."""
    return _transition(redis, id, "sending", "unknown", {}, next_check_at)


def postpone(redis: Store, id: str, expected: str, next_check_at: float, reason: str = "") -> bool:
    """expected -> planned, because Twilio did not act. Returns False if it was no longer in the expected state."""
    return _transition(redis, id, expected, "planned", {"reason": reason}, next_check_at)


def recheck_later(redis: Store, id: str, expected: str, next_check_at: float) -> bool:
    """expected -> unknown, because the lookup failed. Returns False if it was no longer in the expected state."""
    return _transition(redis, id, expected, "unknown", {}, next_check_at)


def list_due(redis: Store, now: float, limit: int = 100) -> list[str]:
    """Return the ids of up to `limit` messages whose next check is due, the most overdue first."""
    return [name.decode() for name in redis.zrangebyscore(DUE_KEY, 0, now, start=0, num=limit)]


def claim_sid(redis: Store, sid: str, id: str) -> bool:
    """Record that this sid at Twilio belongs to this message. Returns False if it belongs to another one."""
    key = f"outbox:sid:{sid}"
    return bool(redis.set(key, id, nx=True, ex=MESSAGE_TTL_SECONDS)) or redis.get(key) == id.encode()


def _transition(
    redis: Store, id: str, expected: str, state: str, fields: dict[str, Any], next_check_at: float | None
) -> bool:
    key, pipe = f"outbox:{id}", new_pipeline(redis)
    row: dict[Any, Any] = {**fields, "state": state}
    pipe.hset(key, mapping=row)
    if next_check_at is None:
        pipe.zrem(DUE_KEY, id)
    else:
        pipe.zadd(DUE_KEY, {id: next_check_at})
    return commit_if_unchanged(redis, pipe, key, expected, field="state")
