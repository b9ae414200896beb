"""The event stream: publish and read what happens, in one Redis stream.

Field names follow CloudEvents: https://github.com/cloudevents/spec/blob/main/cloudevents/spec.md.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from masking import mask_all
from store import Pipe, Store

STREAM_KEY = "events"
MAX_EVENTS = 5_000  # about a megabyte: more than the last hour of any talk
READ_COUNT = 500  # events per XREAD

# type -> description: fields of `data`. `who` is a masked phone number; `ms`, `seconds` and `done` are numbers.
EVENT_TYPES = {
    "text.received": "a text arrived: who, words",
    "text.answered": "the webhook's response contained the reply: answer, ms (from request to response)",
    "text.sent": "a text was sent through the REST API: who, answer, segments",
    "text.delivered": "Twilio reported a new status of a text: status (sent, delivered, …)",
    "text.failed": "a text could not or must not be sent: who, reason",
    "call.received": "a call arrived: who",
    "call.heard": "the caller pressed a key or said something: words",
    "call.spoken": "a sentence was spoken to the caller: answer, ms",
    "call.ended": "the call ended: status, seconds",
    "answer.queued": "a task was queued for a worker: answer_id, command, words",
    "answer.started": "a worker started the task: answer_id, attempt",
    "answer.progress": "the task reported its progress: answer_id, done (0 to 1), words",
    "answer.ready": "the task succeeded: answer_id, answer, seconds",
    "answer.failed": "the task failed or timed out, and the person gets an apology: answer_id, reason, seconds",
    "recording.left": "the caller recorded a message: seconds",
    "recording.ready": "a worker measured the recording: seconds, loudness (dBFS), peaks (0 to 1, one per column)",
    "webhook.received": "a webhook of another provider arrived: provider, event (its own name), line, original",
    "webhook.delivered": "an endpoint accepted a webhook: endpoint, host, attempt, status, ms",
    "webhook.failed": "an attempt failed, and will be repeated: endpoint, host, attempt, cause, status, ms",
    "webhook.dead": "the last attempt failed: endpoint, host, attempt, cause, status, ms",
    "endpoint.created": "a webhook endpoint was registered: endpoint, host, event_types, state, reason",
    "endpoint.updated": "an endpoint's options changed: as endpoint.created",
    "endpoint.rotated": "an endpoint got a new key; older keys still sign until they expire: as endpoint.created",
    "endpoint.paused": "deliveries to an endpoint were paused: as endpoint.created",
    "endpoint.resumed": "deliveries to an endpoint were resumed: as endpoint.created",
    "endpoint.disabled": "deliveries to an endpoint were stopped: as endpoint.created",
    "endpoint.deleted": "an endpoint was deleted: as endpoint.created",
    "delivery.duplicate": "a copy of a processed webhook got the stored response: address",
    "delivery.rejected": "a request failed verification: address, reason, more (earlier ones that were only counted)",
    "person.opted_out": "somebody texted STOP: who",
    "person.opted_in": "somebody texted START: who",
    "sending.stopped": "all sending was stopped, by a rate limit or by the presenter: reason",
    "sending.resumed": "the presenter resumed sending",
}


@dataclass(frozen=True)
class Event:
    """One event. `id` is its id in the stream, such as `1700000000000-0`; `time` is in seconds since 1970.

    `subject` is the sid or id of what the event is about: a call, text, endpoint or webhook message; "" for none.
    """

    id: str
    type: str
    subject: str
    time: float
    data: dict[str, Any]


def publish(redis: Store | Pipe, type: str, subject: str = "", /, **data: Any) -> None:
    """Add an event to the stream, with every E.164 number masked. Raises ValueError for a type not in EVENT_TYPES."""
    if type not in EVENT_TYPES:
        raise ValueError(f"{type} is not in events.EVENT_TYPES")
    row = json.dumps([type, subject, round(time.time(), 3), data], ensure_ascii=False, separators=(",", ":"))
    redis.execute_command("XADD", STREAM_KEY, "MAXLEN", "~", MAX_EVENTS, "*", "e", mask_all(row))


def read_latest(redis: Store, count: int) -> list[Event]:
    """Return the newest `count` events, oldest first."""
    return [_parse(row) for row in reversed(redis.xrevrange(STREAM_KEY, count=count))]


def read_after(redis: Store, last_id: str, count: int = 1_000) -> list[Event]:
    """Return up to `count` events that follow the event `last_id`, oldest first."""
    return [_parse(row) for row in redis.xrange(STREAM_KEY, min=f"({last_id}", count=count)]


def is_kept(redis: Store, id: str) -> bool:
    """Return whether the stream still contains this event. If not, later events may have been trimmed too."""
    return bool(redis.xrange(STREAM_KEY, id, id))


def tail(redis: Store, last_id: str, wait_seconds: float) -> Iterator[list[Event]]:
    """Yield new events after `last_id` forever, and an empty list whenever `wait_seconds` pass without an event."""
    while True:
        found = redis.xread({STREAM_KEY: last_id}, count=READ_COUNT, block=int(wait_seconds * 1000))
        events = [_parse(row) for row in found[0][1]] if found else []
        if events:
            last_id = events[-1].id
        yield events


def _parse(row: tuple[bytes, dict[bytes, bytes]]) -> Event:
    type, subject, time, data = json.loads(row[1][b"e"])
    return Event(row[0].decode(), type, subject, time, data)
