"""The live feed: what just happened at the handsets, numbered, so that a browser can resume."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from ringback.service.clock import Clock
from ringback.service.dates import iso8601_milliseconds

MAX_ITEMS = 2000  # items a browser may fall behind and still resume
Item = dict[str, Any]
StoredItem = tuple[int, datetime, str | None, str, dict[str, Any]]


class Feed:
    """Items in order, and everyone who follows them."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.boot = secrets.token_hex(3)  # ids of an earlier start are recognised as such
        self.count = 0
        self.items: deque[StoredItem] = deque(maxlen=MAX_ITEMS)
        self.closed = False
        self._wakers: set[asyncio.Event] = set()

    def publish(self, kind: str, handset: str | None, payload: dict[str, Any]) -> None:
        self.count += 1
        self.items.append((self.count, self.clock.now(), handset, kind, payload))
        self._wake()

    def close(self) -> None:
        """Let every follower go; the exchange is stopping."""
        self.closed = True
        self._wake()

    async def follow(self, after: str | None, idle: float) -> AsyncIterator[Item | None]:
        """Items after that id (None: from now on), and None when nothing happened for `idle` seconds."""
        waker = asyncio.Event()
        self._wakers.add(waker)
        try:
            seen = self.count if after is None else self._place(after)
            while not self.closed:
                waker.clear()
                if seen < self.count - len(self.items):
                    seen = self.count
                    yield self._reset()
                for item in list(self.items)[len(self.items) - (self.count - seen) :]:
                    seen += 1
                    yield self._shown(*item)
                if seen == self.count and not self.closed and not await _set_within(waker, idle):
                    yield None
        finally:
            self._wakers.discard(waker)

    def _place(self, after: str) -> int:
        boot, _, count = after.partition("-")
        known = boot == self.boot and count.isascii() and count.isdigit() and int(count) <= self.count
        return int(count) if known else -1  # -1 is before everything: the follower is told to start anew

    def _reset(self) -> Item:
        return self._shown(self.count, self.clock.now(), None, "reset", {})

    def _shown(self, count: int, at: datetime, handset: str | None, kind: str, payload: dict[str, Any]) -> Item:
        return {
            "id": f"{self.boot}-{count}",
            "at": iso8601_milliseconds(at),
            "handset": handset,
            "kind": kind,
            "payload": payload,
        }

    def _wake(self) -> None:
        for waker in self._wakers:
            waker.set()


async def _set_within(waker: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await waker.wait()
    except TimeoutError:
        return False
    return True
