"""What just happened: publish it to one Redis stream, follow that stream."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from masking import mask_all

STREAM_KEY = "events"
MAX_EVENTS = 5_000  # events; about a megabyte, and more than any talk's last hour

# type -> what it says. `subject` is the sid of the call or text that the event belongs to.
EVENT_TYPES = {
    "text.received": "a text came in: who (masked), words",
    "text.answered": "it was answered at once: answer, ms (from arrival to reply)",
    "text.sent": "a text left through the REST API: who, answer, segments",
    "text.delivered": "its status moved: status (sent, delivered, …)",
    "text.failed": "a text could not or may not be sent: who, reason",
    "call.received": "a call came in: who",
    "call.heard": "the caller pressed or said something: words",
    "call.spoken": "the caller was told something: answer, ms",
    "call.ended": "the call is over: status, seconds",
    "answer.queued": "slow work was handed to a worker: answer_id, command, words",
    "answer.started": "a worker has it: answer_id, attempt",
    "answer.progress": "how far it is: answer_id, done (0 to 1), words",
    "answer.ready": "the result is there: answer_id, answer, seconds",
    "answer.failed": "it failed or took too long, and the person is told: answer_id, reason",
    "recording.left": "a message was recorded: seconds",
    "recording.ready": "a worker has listened to it: seconds, loudness (dBFS), peaks (0 to 1, one a column)",
    "webhook.received": "another provider told us: provider, event (its own word), line (for people), original",
    "webhook.delivered": "one of our webhooks arrived: endpoint, host, attempt, status, ms",
    "webhook.failed": "one did not, and is tried again: endpoint, host, attempt, cause, status, ms",
    "webhook.dead": "its last attempt failed: endpoint, host, attempt, cause, status, ms",
    "endpoint.created": "an https address hears our webhooks from now on: endpoint, host, event_types, state, reason",
    "endpoint.updated": "its wishes changed: the same",
    "endpoint.rotated": "it has a new key; the old ones sign for a while: the same",
    "endpoint.paused": "it wants nothing for now: the same",
    "endpoint.resumed": "it hears us again: the same",
    "endpoint.disabled": "we no longer send to this address, and the reason says why: the same",
    "endpoint.deleted": "it is forgotten: the same",
    "delivery.duplicate": "the same webhook came again and got the stored reply",
    "delivery.rejected": "a request was turned away at the door: address, reason",
    "person.opted_out": "somebody opted out: who",
    "person.opted_in": "somebody opted in again: who",
    "sending.stopped": "the breaker stopped all sending: reason",
    "sending.resumed": "the presenter let sending go on",
}


@dataclass(frozen=True)
class Event:
    """One thing that happened. `id` is the stream's own (`1700000000000-0`), `time` is in seconds since 1970."""

    id: str
    type: str
    subject: str
    time: float
    data: dict[str, Any]


def publish(to: Any, type: str, subject: str = "", /, **data: Any) -> None:
    """Add an event through a Redis client or a pipeline. Whatever looks like a number in E.164 is masked."""
    if type not in EVENT_TYPES:
        raise ValueError(f"{type} is not in events.EVENT_TYPES")
    row = json.dumps([type, subject, round(time.time(), 3), data], ensure_ascii=False, separators=(",", ":"))
    to.execute_command("XADD", STREAM_KEY, "MAXLEN", "~", MAX_EVENTS, "*", "e", mask_all(row))


def read_latest(redis: Any, count: int) -> list[Event]:
    """The newest events, oldest first."""
    return [_parse(row) for row in reversed(redis.xrevrange(STREAM_KEY, count=count))]


def read_after(redis: Any, last: str, count: int = 1_000) -> list[Event]:
    """The events that follow the one with id `last`, oldest first."""
    return [_parse(row) for row in redis.xrange(STREAM_KEY, min=f"({last}", count=count)]


def is_kept(redis: Any, id: str) -> bool:
    """Whether the event with this id is still in the stream; if not, some after it may be gone too."""
    return bool(redis.xrange(STREAM_KEY, id, id))


def tail(redis: Any, last: str, wait: float) -> Iterator[list[Event]]:
    """For ever: the events after `last` as they come; an empty list each `wait` seconds in which none came."""
    while True:
        found = redis.xread({STREAM_KEY: last}, count=500, block=int(wait * 1000))
        rows = [_parse(row) for row in found[0][1]] if found else []
        if rows:
            last = rows[-1].id
        yield rows


def _parse(row: tuple[bytes, dict[bytes, bytes]]) -> Event:
    type, subject, time, data = json.loads(row[1][b"e"])
    return Event(row[0].decode(), type, subject, time, data)
