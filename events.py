"""Publishes and reads events, in one Redis stream.

Field names follow CloudEvents: https://github.com/cloudevents/spec/blob/main/cloudevents/spec.md.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from event_types import EVENT_TYPES
from masking import mask_all
from store import Pipe, Store
from store.erasure import Erasure, erases, trim_stream

STREAM_KEY = "events"
CURSOR_KEY = "events:fanout-cursor"  # the id of the last event that was passed on to subscribers
MAX_EVENTS = 5_000  # more than any talk publishes in an hour; events not yet passed on are kept beyond it
MAX_HISTORY_BYTES = 1_000_000
READ_COUNT = 500  # events per XREAD

# XTRIM alone could drop events after the cursor. The script removes at most 5,000 events, and only whole nodes of the
# stream.
TRIM_SCRIPT = """
local bytes, length = redis.call('MEMORY', 'USAGE', KEYS[1]) or 0, redis.call('XLEN', KEYS[1])
local excess = length - math.min(ARGV[1], length * ARGV[2] / math.max(bytes, 1))
local cursor = redis.call('GET', KEYS[2])
if excess < 100 or not cursor then return bytes end
local passed_on = redis.call('XRANGE', KEYS[1], '-', cursor, 'COUNT', math.min(math.floor(excess), 5000))
if #passed_on > 0 then redis.call('XTRIM', KEYS[1], 'MINID', '~', passed_on[#passed_on][1]) end
return redis.call('MEMORY', 'USAGE', KEYS[1])
"""


@dataclass(frozen=True)
class Event:
    """One event. `id` is its id in the stream, such as `1700000000000-0`; `time` is a Unix timestamp.

    `subject` is the id of what the event is about: a call, text, endpoint or webhook message; "" if there is none.
    """

    id: str
    type: str
    subject: str
    time: float
    data: dict[str, Any]


def publish(redis: Store | Pipe, type: str, subject: str = "", /, **data: Any) -> None:
    """Add an event to the stream, with every E.164 number masked. Raises ValueError for a type not in EVENT_TYPES."""
    if type not in EVENT_TYPES:
        raise ValueError(f"{type} is not in event_types.EVENT_TYPES")
    row = json.dumps([type, subject, round(time.time(), 3), data], ensure_ascii=False, separators=(",", ":"))
    redis.execute_command("XADD", STREAM_KEY, "*", "e", mask_all(row))


def trim(redis: Store, factor: float = 1.0) -> int:
    """Drop the oldest events in excess of the limits, except those still waiting for the fan-out.

    Returns the size of the stream in bytes.
    """
    limits = (MAX_EVENTS * factor, MAX_HISTORY_BYTES * factor)
    return int(redis.eval(TRIM_SCRIPT, 2, STREAM_KEY, CURSOR_KEY, *limits))


def read_latest(redis: Store, count: int) -> list[Event]:
    """Return the newest `count` events, oldest first."""
    return [_parse(row) for row in reversed(redis.xrevrange(STREAM_KEY, count=count))]


def read_after(redis: Store, last_id: str, count: int = 1_000) -> list[Event]:
    """Return up to `count` events after the event `last_id`, oldest first."""
    return [_parse(row) for row in redis.xrange(STREAM_KEY, min=f"({last_id}", count=count)]


def read_new(redis: Store, last_id: str, wait_seconds: float) -> list[Event]:
    """Return new events after `last_id`, or an empty list if none arrive within `wait_seconds`."""
    found = redis.xread({STREAM_KEY: last_id}, count=READ_COUNT, block=max(1, int(wait_seconds * 1000)))
    return [_parse(row) for row in found[0][1]] if found else []


def find_subjects(redis: Store, name: str) -> set[str]:
    """Return the subjects of all events that show this friendly name: the sids of a person's calls and texts."""
    return {event.subject for event in _read_all(redis) if event.data.get("name") == name}


def _read_all(redis: Store) -> Iterator[Event]:
    last = "0-0"
    while found := read_after(redis, last):
        yield from found
        last = found[-1].id


def last_generated_id(redis: Store) -> str:
    """Return the newest event id that the store has generated; "0-0" if the stream does not exist."""
    try:
        return str(redis.xinfo_stream(STREAM_KEY)["last-generated-id"].decode())
    except ResponseError:  # no such key: no event has been published yet
        return "0-0"


def is_after(one: str, other: str) -> bool:
    """Whether event id `one` is later than `other`, compared as numbers; as text, 9-0 would sort after 10-0."""
    return parse_id(one) > parse_id(other)


def parse_id(id: str) -> tuple[int, int]:
    """Return the milliseconds and the sequence number of an event id."""
    milliseconds, _, sequence = id.partition("-")
    return int(milliseconds), int(sequence or 0)


def _parse(row: tuple[bytes, dict[bytes, bytes]]) -> Event:
    type, subject, time, data = json.loads(row[1][b"e"])
    return Event(row[0].decode(), type, subject, time, data)


@erases("events")
def erase_events(redis: Store, erasure: Erasure) -> int:
    """Erase events, including those not yet passed on, and have every stage forget them.

    Numbers in events are masked, so one person's events are found by the sids of their calls and texts.
    """
    if not erasure.number:
        erased = trim_stream(redis, STREAM_KEY, erasure)
        publish(redis, "show.purged", before=erasure.before)
        return erased
    ids = [event.id for event in _read_all(redis) if event.subject in erasure.sids]
    publish(redis, "show.purged", sids=sorted(erasure.sids))
    return int(redis.execute_command("XDEL", STREAM_KEY, *ids)) if ids else 0
