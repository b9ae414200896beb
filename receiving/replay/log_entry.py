"""What a provider says it sent, and by what the same thing is known in our inbox."""

from collections.abc import Callable
from dataclasses import dataclass

from receiving import inbox
from receiving.delivery import Delivery
from workers.calls import FINAL_STATUSES


@dataclass(frozen=True)
class LogEntry:
    """One webhook a provider says it sent at `at`; `line` for people, `fetch` for the request itself, not signed yet.

    `fetch` may ask the provider, and raises GaveUp, or RedeliveryRequested when the provider sends it itself.
    """

    source: str
    key: str
    at: float
    line: str
    fetch: Callable[[], Delivery]


class RedeliveryRequested(Exception):
    """The request could not be had, so the provider was asked to send it once more itself."""


def text_key(sid: str) -> str:
    """A text is known by its sid."""
    return f"text {sid}"


def call_key(sid: str) -> str:
    """Of a call, that it ended is what must be known: somebody may still wait for the answer by text."""
    return f"end of call {sid}"


def github_key(guid: str) -> str:
    """A redelivery has the same."""
    return f"github {guid}"


def dedup_key(delivery: Delivery) -> str:
    """By what a stored delivery is known; "" when no list has its like."""
    path = delivery.path.rstrip("/")
    if path == "/sms":
        return text_key(delivery["MessageSid"])
    if path == "/voice/status" and delivery["CallStatus"] in FINAL_STATUSES:
        return call_key(delivery["CallSid"])
    if inbox.source_of(delivery) == "github":
        return github_key(delivery.headers.get("x-github-delivery", ""))
    return ""
