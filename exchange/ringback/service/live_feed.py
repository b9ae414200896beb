"""The live feed: everything that happens at the handsets. Its items have ids, so that a browser can resume."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from ringback.service.clock import Clock
from ringback.service.dates import iso8601_milliseconds

MAX_ITEMS = 2000  # a browser that has missed more than this cannot resume
Item = dict[str, Any]
Payload = dict[str, Any] | Callable[[], dict[str, Any]]
StoredItem = tuple[int, float, str | None, str, Payload]


class Feed:
    """The newest items, and a wake-up event for each follower."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.boot = secrets.token_hex(3)  # prefix of every id, so that ids from an earlier process are recognized
        self.count = 0
        self.items: deque[StoredItem] = deque(maxlen=MAX_ITEMS)
        self.closed = False
        self._wakers: set[asyncio.Event] = set()

    def publish(self, kind: str, handset: str | None, payload: Payload) -> None:
        """Adds an item. A payload that never changes may be a function, called only if somebody follows the feed."""
        self.count += 1
        self.items.append((self.count, self.clock.time(), handset, kind, payload))
        self._wake()

    def close(self) -> None:
        """End every follow(), because the exchange is stopping."""
        self.closed = True
        self._wake()

    async def follow(self, after: str | None, idle_seconds: float) -> AsyncIterator[Item | None]:
        """Yields the items after the id `after` (None: only new ones), and None after `idle_seconds` without an item.

        If items were missed, yields an item of kind "reset" and continues with new ones."""
        waker = asyncio.Event()
        self._wakers.add(waker)
        try:
            seen = self.count if after is None else self._count_of(after)
            while not self.closed:
                waker.clear()
                if seen < self.count - len(self.items):
                    seen = self.count
                    yield self._reset()
                for item in list(self.items)[len(self.items) - (self.count - seen) :]:
                    seen += 1
                    yield self._as_json(*item)
                if seen == self.count and not self.closed and not await _is_set_within(waker, idle_seconds):
                    yield None
        finally:
            self._wakers.discard(waker)

    def _count_of(self, item_id: str) -> int:
        """The count in an item's id, or -1 if the id is unknown, which causes a reset."""
        boot, _, count = item_id.partition("-")
        is_known = boot == self.boot and count.isascii() and count.isdigit() and int(count) <= self.count
        return int(count) if is_known else -1

    def _reset(self) -> Item:
        return self._as_json(self.count, self.clock.time(), None, "reset", {})

    def _as_json(self, count: int, at: float, handset: str | None, kind: str, payload: Payload) -> Item:
        return {
            "id": f"{self.boot}-{count}",
            "at": iso8601_milliseconds(datetime.fromtimestamp(at, UTC)),
            "handset": handset,
            "kind": kind,
            "payload": payload() if callable(payload) else payload,
        }

    def _wake(self) -> None:
        for waker in self._wakers:
            waker.set()


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
