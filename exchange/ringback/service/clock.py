"""The time, for everything that waits; it can be stepped forward and stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

SETTLE_TURNS = 50  # turns of the event loop that a step gives what it woke, before it wakes the next
CHUNK_SECONDS = 0.01  # seconds between two drops of a slow line, at least


class Timer:
    """One thing that happens at a moment; cancel() forgets it."""

    def __init__(self, clock: Clock, due: float, act: Callable[[], None]) -> None:
        self.clock, self.due, self.act = clock, due, act
        self.handle: asyncio.TimerHandle | None = None

    def fire(self) -> None:
        self.cancel()
        self.act()

    def cancel(self) -> None:
        self.clock.timers.discard(self)
        if self.handle:
            self.handle.cancel()


class Clock:
    """Seconds since 1970, real unless stepped. A stopped clock only moves when stepped."""

    def __init__(self, stopped: bool = False) -> None:
        self.timers: set[Timer] = set()
        self.ahead = 0.0
        self.stopped_at = time.time() if stopped else None

    def time(self) -> float:
        return (time.time() if self.stopped_at is None else self.stopped_at) + self.ahead

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    def call_later(self, seconds: float, act: Callable[[], None]) -> Timer:
        timer = Timer(self, self.time() + max(0.0, seconds), act)
        self.timers.add(timer)
        self._arm(timer)
        return timer

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return await asyncio.sleep(0)
        woken = asyncio.get_running_loop().create_future()
        timer = self.call_later(seconds, lambda: _wake(woken))
        try:
            await woken
        finally:
            timer.cancel()

    async def trickle(self, body: bytes, seconds: float) -> AsyncIterator[bytes]:
        """The bytes in drops, single ones if there is time, so that they take so many seconds in all."""
        drops = max(1, min(len(body), round(seconds / CHUNK_SECONDS)))
        size = -(-len(body) // drops)
        for start in range(0, len(body), size or 1):
            await self.sleep(seconds * size / len(body))
            yield body[start : start + size]

    @asynccontextmanager
    async def deadline(self, seconds: float) -> AsyncIterator[None]:
        """Raise TimeoutError in the body once so many seconds of this clock are over."""
        async with asyncio.timeout(None) as limit:
            timer = self.call_later(seconds, lambda: limit.reschedule(0))
            try:
                yield
            finally:
                timer.cancel()

    async def forward(self, seconds: float) -> None:
        """Let so many seconds pass at once: what falls due is woken in order, one moment after another."""
        end = self.time() + max(0.0, seconds)
        while (due := min((timer.due for timer in self.timers), default=end)) <= end:
            self.ahead += max(0.0, due - self.time())
            for timer in [timer for timer in self.timers if timer.due <= due]:
                timer.fire()
            for _ in range(SETTLE_TURNS):
                await asyncio.sleep(0)
            if not any(timer.due <= end for timer in self.timers):
                break
        self.ahead += max(0.0, end - self.time())
        for timer in list(self.timers):
            self._arm(timer)

    def stop(self) -> None:
        """Stand still until stepped."""
        self.stopped_at = time.time() if self.stopped_at is None else self.stopped_at
        for timer in self.timers:
            if timer.handle:
                timer.handle.cancel()

    def _arm(self, timer: Timer) -> None:
        if self.stopped_at is not None and timer.due > self.time():
            return
        if timer.handle:
            timer.handle.cancel()
        timer.handle = asyncio.get_running_loop().call_later(max(0.0, timer.due - self.time()), timer.fire)


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
