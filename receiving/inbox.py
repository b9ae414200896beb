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
ID = re.compile(r"[0-9]{1,15}-[0-9]{1,9}")
KEPT = 2_000  # requests
START = 4 * 1024  # bytes of a body that stand with its request
# What is longer has a place of its own, and loses it to a newer one with the same: a small store has 25 MB for all.
PLACES, LARGE = 160, "inbox:large"
WHOLE = 64 * 1024  # bytes. Of a longer body (a mail, a large push) the start is kept, to look at but not to replay
FORGOTTEN_AFTER = 3 * 24 * 3600  # seconds without a request; they hold numbers and words, so they do not stay
PAGE = 200  # requests read at once
LOOKED_THROUGH = 400  # requests looked through for those of one channel
REFUSED, FORGED = "inbox:refused", "inbox:forged"  # apart, so that forgeries cannot push out what has an explanation
REFUSED_KEPT = 100  # of each; strangers fill these, so they stay small
REFUSED_BODY = 4_096  # bytes kept of a refused body
REFUSED_HEADERS, REFUSED_HEADER = 50, 400  # headers kept of a refused request, and characters of each
REFUSED_URL = 2_000  # characters
ELSEWHERE = "sha256 "  # how it is written that the whole body has a place of its own
CREDENTIALS = ("authorization", "proxy-authorization", "cookie")  # never kept: they would open the door again


def keep(pipe: Any, delivery: Delivery) -> None:
    """Put a verified delivery on a pipeline; the stream's id is its name from then on."""
    size, why = len(delivery.body), ""
    if size > START:
        why = f"{size} bytes, of which this is the start"
    if START < size <= WHOLE:
        why = f"{ELSEWHERE}{delivery.fingerprint}"
        pipe.execute_command("HSET", LARGE, _place(delivery.fingerprint), delivery.body)
        pipe.execute_command("EXPIRE", LARGE, FORGOTTEN_AFTER)
    _add(pipe, STREAM, KEPT, delivery, delivery.body[:START], why)


def keep_refused(redis: Any, delivery: Delivery, why: Mistake) -> None:
    """Keep the start of a request that was turned away, with the reason we found for ourselves."""
    stream = FORGED if why.name == UNKNOWN else REFUSED
    headers = {name[:100]: text[:REFUSED_HEADER] for name, text in list(delivery.headers.items())[:REFUSED_HEADERS]}
    start = replace(delivery, url=delivery.url[:REFUSED_URL], headers=headers, body=delivery.body[:REFUSED_BODY])
    _add(redis, stream, REFUSED_KEPT, start, start.body, json.dumps([why.name, why.words, why.mend]))


def find(redis: Any, name: str) -> Delivery | None:
    """The delivery with this id as it came (but for credentials), or None when it is not kept, or not whole."""
    rows = redis.xrange(STREAM, min=name, max=name) if ID.fullmatch(name) else []
    return next((delivery for _, delivery, whole in _whole(redis, rows) if whole), None)


def between(redis: Any, since: float, until: float) -> Iterator[tuple[str, Delivery, bool]]:
    """What was verified in this time (seconds since 1970), oldest first: id, what came, and whether it is kept whole.

    Read a page at a time, and only what is there now: what is kept while we read does not come up.
    """
    end = redis.xrevrange(STREAM, max=_at(until), count=1)
    at, last = str(_at(since)), end[0][0] if end else b"0"
    while rows := redis.xrange(STREAM, min=at, max=last, count=PAGE):
        yield from _whole(redis, rows)
        at = f"({rows[-1][0].decode()}"


def source(delivery: Delivery) -> str:
    """The channel it came by: `sms`, `voice`, or the provider's name."""
    room, _, rest = delivery.path.strip("/").partition("/")
    return rest.partition("/")[0] if room == "webhooks" else room


def latest(redis: Any, count: int = 50) -> list[tuple[str, Delivery]]:
    """The newest verified deliveries with their ids, newest first."""
    return [(id, delivery) for id, delivery, _ in newest(redis, count)]


def newest(redis: Any, count: int, channel: str = "") -> list[tuple[str, Delivery, bool]]:
    """The newest that came by this channel ("" is any), newest first: id, what came, and whether it is kept whole."""
    rows = redis.xrevrange(STREAM, count=LOOKED_THROUGH if channel else count)
    return [one for one in _whole(redis, rows) if channel in ("", source(one[1]))][:count]


def refused(redis: Any, count: int = 50) -> list[tuple[str, Delivery, Mistake]]:
    """The newest refusals: id, what came, and which usual mistake would explain it."""
    rows = [row for stream in (REFUSED, FORGED) for row in redis.xrevrange(stream, count=count)]
    rows.sort(key=lambda row: [int(part) for part in row[0].split(b"-")], reverse=True)
    return [(name.decode(), _read(row), _mistake(row[b"why"])) for name, row in rows[:count]]


def _mistake(kept: bytes) -> Mistake:
    return Mistake(*json.loads(kept)) if kept.startswith(b"[") else Mistake(UNKNOWN, kept.decode())


def _add(to: Any, stream: str, kept: int, delivery: Delivery, body: bytes, why: str) -> None:
    headers = {name: text for name, text in delivery.headers.items() if name not in CREDENTIALS}
    url = delivery.url.replace(delivery.path, delivery.shown, 1) if delivery.shown != delivery.path else delivery.url
    facts = json.dumps([delivery.method, url, headers, delivery.received_at, delivery.fed_in])
    to.execute_command("XADD", stream, "MAXLEN", "~", kept, "*", "facts", facts, "body", body, "why", why)
    to.execute_command("EXPIRE", stream, FORGOTTEN_AFTER)


def _read(row: dict[bytes, bytes]) -> Delivery:
    method, url, headers, received_at, *more = json.loads(row[b"facts"])
    return Delivery(method, url, headers, row[b"body"], received_at, *more)


def _whole(redis: Any, rows: list[tuple[bytes, dict[bytes, bytes]]]) -> list[tuple[str, Delivery, bool]]:
    """Each with its whole body, where that is still kept: id, what came, and whether it is."""
    marks = [row[b"why"].decode() for _, row in rows]
    places = {_place(mark.removeprefix(ELSEWHERE)) for mark in marks if mark.startswith(ELSEWHERE)}
    bodies = [body for body in redis.hmget(LARGE, sorted(places)) if body] if places else []
    known = {f"{ELSEWHERE}{hashlib.sha256(body).hexdigest()}": body for body in bodies}
    return [
        (name.decode(), replace(_read(row), body=known.get(mark, row[b"body"])), not mark or mark in known)
        for (name, row), mark in zip(rows, marks, strict=True)
    ]


def _place(fingerprint: str) -> int:
    return int(fingerprint[:8], 16) % PLACES


def _at(moment: float) -> int:
    """The stream's ids begin with milliseconds."""
    return max(0, int(moment * 1000))
