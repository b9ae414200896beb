"""Delivers copies of a webhook through our own public URL, to show that each gets the same response."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from config import Settings
from receiving import replay_marker, stored_requests
from receiving.delivery import Delivery
from receiving.replay import replay
from receiving.replay.loopback_client import LoopbackClient
from store import Store

SEARCHED_REQUESTS = 200
PATHS = ("/sms", "/voice")


@dataclass(frozen=True)
class CopyResult:
    """The response to one copy. `digest` is the start of the SHA-256 of its body; `had_effect` must be False."""

    status: int
    digest: str
    had_effect: bool
    seconds: float


def find_last(redis: Store) -> Delivery | None:
    """Return the newest text or call that Twilio itself has delivered, or None."""
    entries = stored_requests.latest(redis, SEARCHED_REQUESTS)
    found = (entry.delivery for entry in entries if entry.is_whole and not entry.delivery.replay_mark)
    return next((delivery for delivery in found if delivery.path in PATHS), None)


def deliver(settings: Settings, delivery: Delivery, count: int) -> Iterator[CopyResult]:
    """Deliver this many copies and yield the result of each. Raises LoopbackFailed or CannotReplay."""
    run = secrets.token_hex(8)
    with LoopbackClient(settings) as client:
        for _ in range(count):
            prepared = replay.prepare(delivery, settings, resign=True)
            marked = replay_marker.add_mark(prepared, replay_marker.REPLAYED, run, settings.secret_key)
            response = client.send(marked)
            had_effect = response.replay_result != replay_marker.DUPLICATE
            yield CopyResult(response.status, digest_of(response.body), had_effect, response.seconds)


def digest_of(body: str) -> str:
    """Return the start of the SHA-256 of a response."""
    return hashlib.sha256(body.encode()).hexdigest()[:12]
