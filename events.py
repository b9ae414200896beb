"""What just happened: publish it to one Redis stream, follow that stream."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from masking import mask_all

STREAM = "events"
KEPT = 5_000  # events; about a megabyte, and more than any talk's last hour

# kind -> what it says. `story` is the sid of the call or text that the event belongs to.
KINDS = {
    "text.received": "a text came in: who (masked), words",
    "text.answered": "it was answered at once: answer, ms (from arrival to reply)",
    "text.sent": "a text left through the REST API: who, answer, segments",
    "text.delivered": "its status moved: status (sent, delivered, …)",
    "text.refused": "a text could not or may not be sent: who, reason",
    "call.received": "a call came in: who",
    "call.heard": "the caller pressed or said something: words",
    "call.spoken": "the caller was told something: answer, ms",
    "call.ended": "the call is over: status, seconds",
    "ask.queued": "slow work was handed to a worker: ask, command, words",
    "ask.started": "a worker has it: ask, attempt",
    "ask.progress": "how far it is: ask, done (0 to 1), words",
    "ask.answered": "the result is there: ask, answer, seconds",
    "ask.failed": "it failed or took too long, and the person is told: ask, reason",
    "recording.left": "a message was recorded: seconds",
    "recording.ready": "a worker has listened to it: seconds, loudness (dBFS), peaks (0 to 1, one a column)",
    "webhook.received": "another provider told us: provider, event (its own word), line (for people), original",
    "webhook.delivered": "one of our webhooks arrived: subscriber, host, attempt, status, ms",
    "webhook.failed": "one did not, and is tried again: subscriber, host, attempt, cause, status, ms",
    "webhook.dead": "its last attempt failed: subscriber, host, attempt, cause, status, ms",
    "subscriber.created": "an https address hears our webhooks from now on: subscriber, host, kinds, state, why",
    "subscriber.updated": "its wishes changed: the same",
    "subscriber.rotated": "it has a new key; the old ones sign for a while: the same",
    "subscriber.paused": "it wants nothing for now: the same",
    "subscriber.resumed": "it hears us again: the same",
    "subscriber.disabled": "we no longer send to this address, and why says it: the same",
    "subscriber.deleted": "it is forgotten: the same",
    "delivery.repeated": "the same webhook came again and got the stored reply",
    "delivery.refused": "a request was turned away at the door: address, reason",
    "people.left": "somebody opted out: who",
    "people.returned": "somebody opted in again: who",
    "sending.stopped": "the breaker stopped all sending: reason",
    "sending.released": "the presenter let sending go on",
}


@dataclass(frozen=True)
class Event:
    """One thing that happened. `id` is the stream's own (`1700000000000-0`), `at` seconds since 1970."""

    id: str
    kind: str
    story: str
    at: float
    facts: dict[str, Any]


def publish(to: Any, kind: str, story: str = "", **facts: Any) -> None:
    """Add an event through a Redis client or a pipeline. Whatever looks like a number in E.164 is masked."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is not in events.KINDS")
    row = json.dumps([kind, story, round(time.time(), 3), facts], ensure_ascii=False, separators=(",", ":"))
    to.execute_command("XADD", STREAM, "MAXLEN", "~", KEPT, "*", "e", mask_all(row))


def latest(redis: Any, count: int) -> list[Event]:
    """The newest events, oldest first."""
    return [_read(row) for row in reversed(redis.xrevrange(STREAM, count=count))]


def after(redis: Any, last: str, count: int = 1_000) -> list[Event]:
    """The events that follow the one with id `last`, oldest first."""
    return [_read(row) for row in redis.xrange(STREAM, min=f"({last}", count=count)]


def is_kept(redis: Any, id: str) -> bool:
    """Whether the event with this id is still in the stream; if not, some after it may be gone too."""
    return bool(redis.xrange(STREAM, id, id))


def follow(redis: Any, last: str, wait: float) -> Iterator[list[Event]]:
    """For ever: the events after `last` as they come; an empty list each `wait` seconds in which none came."""
    while True:
        found = redis.xread({STREAM: last}, count=500, block=int(wait * 1000))
        rows = [_read(row) for row in found[0][1]] if found else []
        if rows:
            last = rows[-1].id
        yield rows


def _read(row: tuple[bytes, dict[bytes, bytes]]) -> Event:
    kind, story, at, facts = json.loads(row[1][b"e"])
    return Event(row[0].decode(), kind, story, at, facts)
