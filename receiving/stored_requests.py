"""Stores recent verified webhook requests for inspection and replay."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from receiving.delivery import Delivery
from store import Pipe, Store, memory_usage
from store.erasure import Erasure, erases, trim_stream

STREAM = "inbox"
ID_PATTERN = re.compile(r"[0-9]{1,15}-[0-9]{1,9}")
MAX_REQUESTS = 2_000
INBOX_TTL_SECONDS = 3 * 24 * 3600  # after the last request; requests contain phone numbers and messages
PAGE_SIZE = 200
MAX_SCANNED_REQUESTS = 400  # limits the search for requests from one source

MAX_INLINE_BODY_BYTES = 4 * 1024  # stored in the stream
MAX_STORED_BODY_BYTES = 64 * 1024  # only the start of a longer body is stored: enough to inspect, but not to replay
# Bodies between these sizes share a fixed number of slots, in which a new body may overwrite an old one. `trim` limits
# their total; the smallest store on Heroku holds 25 MB.
LARGE_BODY_SLOTS, LARGE_BODIES_KEY = 160, "inbox:large"
LARGE_BODY_MARKER = "sha256 "  # precedes the SHA-256 of a body stored in a slot

MAX_BYTES = {STREAM: 1_500_000, LARGE_BODIES_KEY: 2_000_000}
MEDIA_FIELDS = ("RecordingSid", *(f"MediaUrl{number}" for number in range(10)))  # of Twilio's requests
CREDENTIAL_HEADERS = ("authorization", "proxy-authorization", "cookie")  # never stored


class InboxEntry(NamedTuple):
    """A verified request and its id in the stream. `is_whole` is False if only the start of its body is stored."""

    id: str
    delivery: Delivery
    is_whole: bool


def save(pipe: Pipe, delivery: Delivery) -> None:
    """Queue the commands that add a verified request to the inbox on this pipeline."""
    size, note = len(delivery.body), ""
    if size > MAX_INLINE_BODY_BYTES:
        note = f"the start of {size} bytes"
    if MAX_INLINE_BODY_BYTES < size <= MAX_STORED_BODY_BYTES:
        note = f"{LARGE_BODY_MARKER}{delivery.fingerprint}"
        pipe.execute_command("HSET", LARGE_BODIES_KEY, _slot_of(delivery.fingerprint), delivery.body)
        pipe.execute_command("EXPIRE", LARGE_BODIES_KEY, INBOX_TTL_SECONDS)
    append(pipe, STREAM, MAX_REQUESTS, delivery, delivery.body[:MAX_INLINE_BODY_BYTES], note)


def trim(redis: Store, factor: float = 1.0) -> None:
    """Drop the oldest requests and arbitrary large bodies until the byte limits are met."""
    memory_usage.trim(redis, {key: factor * limit for key, limit in MAX_BYTES.items()})


def find(redis: Store, id: str) -> Delivery | None:
    """Return the verified request with this id, without credentials; None if it is not stored in full."""
    rows = redis.xrange(STREAM, min=id, max=id) if ID_PATTERN.fullmatch(id) else []
    return next((entry.delivery for entry in _with_bodies(redis, rows) if entry.is_whole), None)


def list_between(redis: Store, since: float, until: float) -> Iterator[InboxEntry]:
    """Yield the verified requests received between two Unix timestamps, oldest first.

    Reads page by page and leaves out requests that arrive in the meantime.
    """
    newest = redis.xrevrange(STREAM, max=_first_id_at(until), count=1)
    start, end = str(_first_id_at(since)), newest[0][0] if newest else b"0"
    while rows := redis.xrange(STREAM, min=start, max=end, count=PAGE_SIZE):
        yield from _with_bodies(redis, rows)
        start = f"({rows[-1][0].decode()}"


def latest(redis: Store, count: int = 50, source: str = "") -> list[InboxEntry]:
    """Return the newest verified requests from this source ("" for any), newest first."""
    rows = redis.xrevrange(STREAM, count=MAX_SCANNED_REQUESTS if source else count)
    return [entry for entry in _with_bodies(redis, rows) if source in ("", source_of(entry.delivery))][:count]


def source_of(delivery: Delivery) -> str:
    """Return the source of a request: `sms`, `voice` or the name of the provider."""
    first, _, rest = delivery.path.strip("/").partition("/")
    return rest.partition("/")[0] if first == "webhooks" else first


def append(to: Store, stream: str, max_length: int, delivery: Delivery, body: bytes, note: str) -> None:
    """Add a request to a stream, without credentials. `body` and `note` are stored as they are."""
    headers = {name: value for name, value in delivery.headers.items() if name not in CREDENTIAL_HEADERS}
    path, url = delivery.redacted_path, delivery.url
    if path != delivery.path:
        url = url.replace(delivery.path, path, 1)
    request = json.dumps([delivery.method, url, headers, delivery.received_at, delivery.replay_mark])
    fields = ("request", request, "body", body, "note", note)
    to.execute_command("XADD", stream, "MAXLEN", "~", max_length, "*", *fields)
    to.execute_command("EXPIRE", stream, INBOX_TTL_SECONDS)


def parse_row(row: dict[bytes, bytes]) -> Delivery:
    """Return the request that `append` has stored in this row."""
    method, url, headers, received_at, replay_mark = json.loads(row[b"request"])
    return Delivery(method, url, headers, row[b"body"], received_at, replay_mark)


def _with_bodies(redis: Store, rows: list[tuple[bytes, dict[bytes, bytes]]]) -> list[InboxEntry]:
    """Parse these rows of the stream and add the large bodies that are still in their slots."""
    notes = [row[b"note"].decode() for _, row in rows]
    slots = {_slot_of(note.removeprefix(LARGE_BODY_MARKER)) for note in notes if note.startswith(LARGE_BODY_MARKER)}
    bodies = [body for body in redis.hmget(LARGE_BODIES_KEY, sorted(slots)) if body] if slots else []
    body_by_note = {f"{LARGE_BODY_MARKER}{hashlib.sha256(body).hexdigest()}": body for body in bodies}
    entries = []
    for (id, row), note in zip(rows, notes, strict=True):
        delivery = replace(parse_row(row), body=body_by_note.get(note, row[b"body"]))
        entries.append(InboxEntry(id.decode(), delivery, not note or note in body_by_note))
    return entries


def _slot_of(fingerprint: str) -> int:
    return int(fingerprint[:8], 16) % LARGE_BODY_SLOTS


def _first_id_at(time: float) -> int:
    """Return the first part of a stream id, which is a time in milliseconds."""
    return max(0, int(time * 1000))


@erases("requests")
def erase_requests(redis: Store, erasure: Erasure) -> int:
    """Erase stored requests; for one person, also record the SIDs of that person's calls and texts."""
    if not erasure.number:
        _note_media(_with_bodies(redis, redis.xrange(STREAM, max=_first_id_at(erasure.before))), erasure)
    erased = _erase_of_person(redis, erasure) if erasure.number else trim_stream(redis, STREAM, erasure)
    _delete_unused_bodies(redis)
    return erased


def _erase_of_person(redis: Store, erasure: Erasure) -> int:
    digits, rows = _digits_of(erasure.number), redis.xrange(STREAM)
    entries = _with_bodies(redis, rows)  # the number may be anywhere in a large body
    found = [entry for (_, row), entry in zip(rows, entries, strict=True) if _mentions(row, entry, digits)]
    for entry in found:
        erasure.sids.update(_sids_of(entry))
    found += [entry for entry in entries if _sids_of(entry) & erasure.sids]  # transcriptions contain no phone number
    _note_media(found, erasure)
    return int(redis.execute_command("XDEL", STREAM, *{entry.id for entry in found})) if found else 0


def _sids_of(entry: InboxEntry) -> set[str]:
    return {entry.delivery["MessageSid"], entry.delivery["CallSid"]} - {""}


def _note_media(entries: Iterable[InboxEntry], erasure: Erasure) -> None:
    for entry in entries:
        erasure.note_media(" ".join(entry.delivery[name] for name in MEDIA_FIELDS).encode())


def _mentions(row: dict[bytes, bytes], entry: InboxEntry, digits: bytes) -> bool:
    return digits in entry.delivery.body or digits in row[b"request"]


def _delete_unused_bodies(redis: Store) -> None:
    """Delete the large bodies whose requests are no longer in the inbox."""
    bodies = redis.hgetall(LARGE_BODIES_KEY)
    notes = {row[b"note"] for _, row in redis.xrange(STREAM)} if bodies else set()
    for slot, body in bodies.items():
        if f"{LARGE_BODY_MARKER}{hashlib.sha256(body).hexdigest()}".encode() not in notes:
            redis.hdel(LARGE_BODIES_KEY, slot.decode())


def ids_that_mention(redis: Store, stream: str, number: str) -> list[bytes]:
    """Return the ids of the requests in this stream that contain this phone number. Large bodies are not searched."""
    digits = _digits_of(number)
    return [id for id, row in redis.xrange(stream) if digits in row[b"body"] or digits in row[b"request"]]


def _digits_of(number: str) -> bytes:
    return number.lstrip("+").encode()
