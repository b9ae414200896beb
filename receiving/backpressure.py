"""Backpressure: new webhooks are refused while the store is nearly full or subscribers are far behind.

An accepted event is never dropped, so the app stops accepting webhooks before the store is full. The remaining memory
lets the workers finish what has been accepted. Senders retry refused webhooks.
"""

import logging
import time
from weakref import WeakKeyDictionary

from redis.connection import ConnectionPool
from werkzeug.exceptions import ServiceUnavailable

import events
from receiving import rejected_requests, stored_requests
from store import Store, memory_usage
from workers import fanout

log = logging.getLogger(__name__)

CHECK_INTERVAL_SECONDS = 1.0
MAX_BYTES_BETWEEN_CHECKS = 256 * 1024  # of webhooks in this process
MAX_MEMORY_SHARE = 0.85  # of the store's `maxmemory`
MAX_EVENT_BYTES = 5_000_000  # of the event stream: a megabyte of history, plus events that wait for the fan-out


class WebhooksRefused(ServiceUnavailable):
    """No webhook can be accepted now; the sender must retry later."""

    def __init__(self) -> None:
        super().__init__("We cannot accept webhooks at the moment. Please send this one again.", retry_after=5)


class Backpressure:
    """The state of the last check in this process."""

    def __init__(self) -> None:
        self.checked_at = -CHECK_INTERVAL_SECONDS
        self.unchecked_bytes = 0
        self.reason = ""

    def admit(self, redis: Store, size: int) -> None:
        """Raise WebhooksRefused if no webhook may be accepted now. Queries the store about once per second."""
        self.unchecked_bytes += size
        now = time.monotonic()
        is_due = now - self.checked_at >= CHECK_INTERVAL_SECONDS
        if is_due or self.unchecked_bytes > MAX_BYTES_BETWEEN_CHECKS:
            self.checked_at, self.unchecked_bytes = now, 0
            before, self.reason = self.reason, find_reason(redis)
            if self.reason and not before:
                log.warning("New webhooks are refused: %s", self.reason)
        if self.reason:
            raise WebhooksRefused


_states: "WeakKeyDictionary[ConnectionPool, Backpressure]" = WeakKeyDictionary()


def admit(redis: Store, size: int) -> None:
    """Raise WebhooksRefused if a webhook of this size in bytes must not be accepted now."""
    _states.setdefault(redis.connection_pool, Backpressure()).admit(redis, size)


def find_reason(redis: Store) -> str:
    """Trim the history and return why no webhook may be accepted, or ""."""
    share = memory_usage.used_share(redis)
    factor = memory_usage.history_factor(share)
    stored_requests.trim(redis, factor)
    rejected_requests.trim(redis, factor)
    if share > MAX_MEMORY_SHARE:
        return f"{share:.0%} of the store's memory is used"
    if events.trim(redis, factor) > MAX_EVENT_BYTES:
        fanout.fan_out(redis)  # the workers are behind, or there are none
        if events.trim(redis, factor) > MAX_EVENT_BYTES:
            return "too many events wait until a worker passes them on"
    return ""
