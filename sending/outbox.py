"""Whatever reaches a person is written down first, so that it happens once: planned, sending, then sent or failed."""

import time
from dataclasses import dataclass
from typing import Any

from store import commit_if_unchanged, new_pipeline

DUE_KEY = "outbox:due"  # every unsettled message, by the time somebody must look at it
MESSAGE_TTL_SECONDS = 7 * 24 * 3600  # seconds an message is remembered
SENDING_TIMEOUT_SECONDS = 30  # seconds. The REST client gives up after 10; longer than this and its process is dead
SETTLED_STATES = ("sent", "failed")

# planned  -> sending             somebody is calling Twilio
# sending  -> sent | failed      Twilio answered
# sending  -> planned             Twilio certainly did not do it (429, connection refused): later again
# sending  -> unknown             it may have done it: look there before doing anything
# unknown  -> sent | planned      what the look found


@dataclass(frozen=True)
class OutboundMessage:
    """One text to one person. `subject` is the call or text that caused it."""

    id: str
    to: str
    body: str
    subject: str
    state: str = "planned"
    sid: str = ""
    reason: str = ""
    tries: int = 0
    started_at: float = 0.0  # seconds since 1970: when the last try began

    @property
    def is_settled(self) -> bool:
        """True once nothing more will be tried."""
        return self.state in SETTLED_STATES


def plan(pipe: Any, message: OutboundMessage, now: float | None = None, queue_key: str = DUE_KEY) -> None:
    """Write the message down, on the pipeline of whatever causes it. The same id is planned once.

    `queue_key` names another waiting room for what is in no hurry; from there it comes to DUE.
    """
    key = f"outbox:{message.id}"
    for name, value in (("to", message.to), ("body", message.body), ("subject", message.subject), ("state", "planned")):
        pipe.execute_command("HSETNX", key, name, value)
    pipe.execute_command("EXPIRE", key, MESSAGE_TTL_SECONDS)
    pipe.execute_command("ZADD", queue_key, "NX", now or time.time(), message.id)


def load(redis: Any, id: str) -> OutboundMessage | None:
    """The message with this id, or None when it is not (or no longer) known."""
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


def start_sending(redis: Any, message: OutboundMessage, now: float | None = None) -> bool:
    """planned -> sending. False: somebody else has it."""
    now = now or time.time()
    fields = {"tries": message.tries + 1, "started_at": now}
    return _transition(redis, message.id, "planned", "sending", fields, next_check_at=now + SENDING_TIMEOUT_SECONDS)


def settle(redis: Any, id: str, expected: str, state: str, **fields: Any) -> bool:
    """To `sent` or `failed`: nothing is left to do. False: it was settled already."""
    return _transition(redis, id, expected, state, fields, next_check_at=None)


def mark_unknown(redis: Any, id: str, next_check_at: float) -> bool:
    """sending -> unknown: nobody resends it before it was looked up at Twilio."""
    return _transition(redis, id, "sending", "unknown", {}, next_check_at)


def postpone(redis: Any, id: str, expected: str, next_check_at: float, reason: str = "") -> bool:
    """Back to planned: Twilio certainly has not done it."""
    return _transition(redis, id, expected, "planned", {"reason": reason}, next_check_at)


def recheck_later(redis: Any, id: str, expected: str, next_check_at: float) -> bool:
    """Nothing was found out; the doubt stays."""
    return _transition(redis, id, expected, "unknown", {}, next_check_at)


def list_due(redis: Any, now: float, limit: int = 100) -> list[str]:
    """The ids of effects that somebody must look at now."""
    return [name.decode() for name in redis.zrangebyscore(DUE_KEY, 0, now, start=0, num=limit)]


def claim_sid(redis: Any, sid: str, id: str) -> bool:
    """Remember that this message is this message's. False: another message has claimed it."""
    return (
        bool(redis.set(f"outbox:sid:{sid}", id, nx=True, ex=MESSAGE_TTL_SECONDS))
        or redis.get(f"outbox:sid:{sid}") == id.encode()
    )


def _transition(
    redis: Any, id: str, expected: str, state: str, fields: dict[str, Any], next_check_at: float | None
) -> bool:
    key, pipe = f"outbox:{id}", new_pipeline(redis)
    row: dict[Any, Any] = {**fields, "state": state}
    pipe.hset(key, mapping=row)
    if next_check_at is None:
        pipe.zrem(DUE_KEY, id)
    else:
        pipe.zadd(DUE_KEY, {id: next_check_at})
    return commit_if_unchanged(redis, pipe, key, expected, field="state")
