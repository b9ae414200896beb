"""Entries in a provider's delivery log, and the keys that identify the same webhooks in the inbox."""

from collections.abc import Callable
from dataclasses import dataclass

from receiving import stored_requests
from receiving.delivery import Delivery
from workers.call_state import FINAL_STATUSES

Sleep = Callable[[float], object]


@dataclass(frozen=True)
class LogEntry:
    """One webhook that a provider sent at `sent_at` (a Unix timestamp). `summary` is one human-readable line.

    `fetch` returns the unsigned request, with a path instead of a URL; it may call the provider's API. It raises
    GaveUp, or RedeliveryRequested if the provider will send the webhook again.
    """

    source: str
    key: str
    sent_at: float
    summary: str
    fetch: Callable[[], Delivery]
    address: str = ""  # of the person who texted or called


class RedeliveryRequested(Exception):
    """The provider no longer has the request, so we have asked it to deliver the webhook again."""


def text_key(sid: str) -> str:
    """Return the key of an incoming text."""
    return f"text {sid}"


def call_key(sid: str) -> str:
    """Return the key of the callback that reports the end of a call: the caller may still be owed a text."""
    return f"end of call {sid}"


def github_key(guid: str) -> str:
    """Return the key of a GitHub event, which is the same for redeliveries."""
    return f"github {guid}"


def dedup_key(delivery: Delivery) -> str:
    """Return the key of a request in the inbox; "" if no log contains requests of this kind."""
    path = delivery.path.rstrip("/")
    if path == "/sms":
        return text_key(delivery["MessageSid"])
    if path == "/voice/status" and delivery["CallStatus"] in FINAL_STATUSES:
        return call_key(delivery["CallSid"])
    if stored_requests.source_of(delivery) == "github":
        return github_key(delivery.headers.get("x-github-delivery", ""))
    return ""
