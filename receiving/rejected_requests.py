"""Stores the start of each rejected webhook request for inspection, with the mistake that explains the rejection."""

import json
from dataclasses import replace

from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import UNKNOWN, Mistake
from receiving.stored_requests import append, ids_that_mention, parse_row
from store import Store, memory_usage
from store.erasure import Erasure, erases, trim_stream

# Requests that no common mistake explains have a separate stream, so that forgeries cannot push out other requests.
REJECTED_STREAM, FORGED_STREAM = "inbox:rejected", "inbox:forged"
MAX_REJECTED_REQUESTS = 100  # in each of the two streams; anybody can fill them
MAX_REJECTED_BODY_BYTES = 4_096
MAX_REJECTED_HEADERS, MAX_REJECTED_HEADER_CHARS, MAX_REJECTED_HEADER_NAME_CHARS = 50, 400, 100
MAX_REJECTED_URL_CHARS = 2_000
MAX_BYTES = {REJECTED_STREAM: 250_000, FORGED_STREAM: 250_000}


def save(redis: Store, delivery: Delivery, mistake: Mistake) -> None:
    """Store the start of a rejected request, with the mistake that explains it."""
    stream = FORGED_STREAM if mistake.name == UNKNOWN else REJECTED_STREAM
    headers = list(delivery.headers.items())[:MAX_REJECTED_HEADERS]
    start = replace(
        delivery,
        url=delivery.url[:MAX_REJECTED_URL_CHARS],
        headers={name[:MAX_REJECTED_HEADER_NAME_CHARS]: value[:MAX_REJECTED_HEADER_CHARS] for name, value in headers},
        body=delivery.body[:MAX_REJECTED_BODY_BYTES],
    )
    note = json.dumps([mistake.name, mistake.explanation, mistake.fix])
    append(redis, stream, MAX_REJECTED_REQUESTS, start, start.body, note)


def trim(redis: Store, factor: float = 1.0) -> None:
    """Drop the oldest requests until the byte limits are met."""
    memory_usage.trim(redis, {key: factor * limit for key, limit in MAX_BYTES.items()})


def latest(redis: Store, count: int = 50) -> list[tuple[str, Delivery, Mistake]]:
    """Return the newest rejected requests, newest first, as (id, start of the request, mistake)."""
    rows = [row for stream in (REJECTED_STREAM, FORGED_STREAM) for row in redis.xrevrange(stream, count=count)]
    rows.sort(key=lambda row: [int(part) for part in row[0].split(b"-")], reverse=True)
    return [(id.decode(), parse_row(row), Mistake(*json.loads(row[b"note"]))) for id, row in rows[:count]]


@erases("rejected requests")
def erase_rejected_requests(redis: Store, erasure: Erasure) -> int:
    """Erase rejected requests; for one person, those that contain that person's number."""
    return sum(_erase_from(redis, stream, erasure) for stream in (REJECTED_STREAM, FORGED_STREAM))


def _erase_from(redis: Store, stream: str, erasure: Erasure) -> int:
    if not erasure.number:
        return trim_stream(redis, stream, erasure)
    ids = ids_that_mention(redis, stream, erasure.number)
    return int(redis.execute_command("XDEL", stream, *ids)) if ids else 0
