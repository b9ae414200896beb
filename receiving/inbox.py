"""Each request as it came, kept a while for inspection and replay."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import UNKNOWN, Mistake

STREAM = "inbox"
ID_PATTERN = re.compile(r"[0-9]{1,15}-[0-9]{1,9}")
MAX_REQUESTS = 2_000  # requests
MAX_INLINE_BODY_BYTES = 4 * 1024  # bytes of a body that stand with its request
# What is longer has a place of its own, and loses it to a newer one with the same: a small store has 25 MB for all.
LARGE_BODY_SLOTS, LARGE_BODIES_KEY = 160, "inbox:large"
MAX_STORED_BODY_BYTES = (
    64 * 1024
)  # bytes. Of a longer body (a mail, a large push) the start is kept, to look at but not to replay
INBOX_TTL_SECONDS = 3 * 24 * 3600  # seconds without a request; they hold numbers and words, so they do not stay
PAGE_SIZE = 200  # requests read at once
MAX_SCANNED_REQUESTS = 400  # requests looked through for those of one channel
REJECTED_STREAM, FORGED_STREAM = (
    "inbox:refused",
    "inbox:forged",
)  # apart, so that forgeries cannot push out what has an explanation
MAX_REJECTED_REQUESTS = 100  # of each; strangers fill these, so they stay small
MAX_REJECTED_BODY_BYTES = 4_096  # bytes kept of a refused body
MAX_REJECTED_HEADERS, MAX_REJECTED_HEADER_CHARS = 50, 400  # headers kept of a refused request, and characters of each
MAX_REJECTED_URL_CHARS = 2_000  # characters
LARGE_BODY_MARKER = "sha256 "  # how it is written that the whole body has a place of its own
CREDENTIAL_HEADERS = ("authorization", "proxy-authorization", "cookie")  # never kept: they would open the door again


def save(pipe: Any, delivery: Delivery) -> None:
    """Put a verified delivery on a pipeline; the stream's id is its name from then on."""
    size, why = len(delivery.body), ""
    if size > MAX_INLINE_BODY_BYTES:
        why = f"{size} bytes, of which this is the start"
    if MAX_INLINE_BODY_BYTES < size <= MAX_STORED_BODY_BYTES:
        why = f"{LARGE_BODY_MARKER}{delivery.fingerprint}"
        pipe.execute_command("HSET", LARGE_BODIES_KEY, _slot_of(delivery.fingerprint), delivery.body)
        pipe.execute_command("EXPIRE", LARGE_BODIES_KEY, INBOX_TTL_SECONDS)
    _add(pipe, STREAM, MAX_REQUESTS, delivery, delivery.body[:MAX_INLINE_BODY_BYTES], why)


def save_rejected(redis: Any, delivery: Delivery, why: Mistake) -> None:
    """Keep the start of a request that was turned away, with the reason we found for ourselves."""
    stream = FORGED_STREAM if why.name == UNKNOWN else REJECTED_STREAM
    headers = {
        name[:100]: text[:MAX_REJECTED_HEADER_CHARS]
        for name, text in list(delivery.headers.items())[:MAX_REJECTED_HEADERS]
    }
    start = replace(
        delivery,
        url=delivery.url[:MAX_REJECTED_URL_CHARS],
        headers=headers,
        body=delivery.body[:MAX_REJECTED_BODY_BYTES],
    )
    _add(redis, stream, MAX_REJECTED_REQUESTS, start, start.body, json.dumps([why.name, why.words, why.fix]))


def find(redis: Any, name: str) -> Delivery | None:
    """The delivery with this id as it came (but for credentials), or None when it is not kept, or not whole."""
    rows = redis.xrange(STREAM, min=name, max=name) if ID_PATTERN.fullmatch(name) else []
    return next((delivery for _, delivery, whole in _with_bodies(redis, rows) if whole), None)


def list_between(redis: Any, since: float, until: float) -> Iterator[tuple[str, Delivery, bool]]:
    """What was verified in this time (seconds since 1970), oldest first: id, what came, and whether it is kept whole.

    Read a page at a time, and only what is there now: what is kept while we read does not come up.
    """
    end = redis.xrevrange(STREAM, max=_first_id_at(until), count=1)
    at, last = str(_first_id_at(since)), end[0][0] if end else b"0"
    while rows := redis.xrange(STREAM, min=at, max=last, count=PAGE_SIZE):
        yield from _with_bodies(redis, rows)
        at = f"({rows[-1][0].decode()}"


def source_of(delivery: Delivery) -> str:
    """The channel it came by: `sms`, `voice`, or the provider's name."""
    room, _, rest = delivery.path.strip("/").partition("/")
    return rest.partition("/")[0] if room == "webhooks" else room


def latest(redis: Any, count: int = 50) -> list[tuple[str, Delivery]]:
    """The newest verified deliveries with their ids, newest first."""
    return [(id, delivery) for id, delivery, _ in newest(redis, count)]


def newest(redis: Any, count: int, channel: str = "") -> list[tuple[str, Delivery, bool]]:
    """The newest that came by this channel ("" is any), newest first: id, what came, and whether it is kept whole."""
    rows = redis.xrevrange(STREAM, count=MAX_SCANNED_REQUESTS if channel else count)
    return [one for one in _with_bodies(redis, rows) if channel in ("", source_of(one[1]))][:count]


def latest_rejected(redis: Any, count: int = 50) -> list[tuple[str, Delivery, Mistake]]:
    """The newest refusals: id, what came, and which usual mistake would explain it."""
    rows = [row for stream in (REJECTED_STREAM, FORGED_STREAM) for row in redis.xrevrange(stream, count=count)]
    rows.sort(key=lambda row: [int(part) for part in row[0].split(b"-")], reverse=True)
    return [(name.decode(), _parse_row(row), _parse_mistake(row[b"why"])) for name, row in rows[:count]]


def _parse_mistake(kept: bytes) -> Mistake:
    return Mistake(*json.loads(kept)) if kept.startswith(b"[") else Mistake(UNKNOWN, kept.decode())


def _add(to: Any, stream: str, kept: int, delivery: Delivery, body: bytes, why: str) -> None:
    headers = {name: text for name, text in delivery.headers.items() if name not in CREDENTIAL_HEADERS}
    url = (
        delivery.url.replace(delivery.path, delivery.redacted_path, 1)
        if delivery.redacted_path != delivery.path
        else delivery.url
    )
    facts = json.dumps([delivery.method, url, headers, delivery.received_at, delivery.replay_mark])
    to.execute_command("XADD", stream, "MAXLEN", "~", kept, "*", "facts", facts, "body", body, "why", why)
    to.execute_command("EXPIRE", stream, INBOX_TTL_SECONDS)


def _parse_row(row: dict[bytes, bytes]) -> Delivery:
    method, url, headers, received_at, *more = json.loads(row[b"facts"])
    return Delivery(method, url, headers, row[b"body"], received_at, *more)


def _with_bodies(redis: Any, rows: list[tuple[bytes, dict[bytes, bytes]]]) -> list[tuple[str, Delivery, bool]]:
    """Each with its whole body, where that is still kept: id, what came, and whether it is."""
    marks = [row[b"why"].decode() for _, row in rows]
    places = {_slot_of(mark.removeprefix(LARGE_BODY_MARKER)) for mark in marks if mark.startswith(LARGE_BODY_MARKER)}
    bodies = [body for body in redis.hmget(LARGE_BODIES_KEY, sorted(places)) if body] if places else []
    known = {f"{LARGE_BODY_MARKER}{hashlib.sha256(body).hexdigest()}": body for body in bodies}
    return [
        (name.decode(), replace(_parse_row(row), body=known.get(mark, row[b"body"])), not mark or mark in known)
        for (name, row), mark in zip(rows, marks, strict=True)
    ]


def _slot_of(fingerprint: str) -> int:
    return int(fingerprint[:8], 16) % LARGE_BODY_SLOTS


def _first_id_at(moment: float) -> int:
    """The stream's ids begin with milliseconds."""
    return max(0, int(moment * 1000))
