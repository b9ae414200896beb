"""The exchange's clock, for timestamps and for everything that waits. It can be moved forward and stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from types import TracebackType

SETTLE_ITERATIONS = 50  # iterations of the event loop before forward() moves the clock, and after each timer
CHUNK_SECONDS = 0.01  # minimum time between two chunks of trickle()


class Timer:
    """Calls `callback` once, when the clock reaches `due`, unless the timer is canceled."""

    def __init__(self, clock: Clock, due: float, callback: Callable[[], None]) -> None:
        self.clock, self.due, self.callback = clock, due, callback
        self.handle: asyncio.TimerHandle | None = None
        self.task: asyncio.Task[object] | None = None  # the task that waits for the timer

    def fire(self) -> None:
        self.cancel()
        self.callback()

    def cancel(self) -> None:
        self.clock.timers.discard(self)
        if self.handle:
            self.handle.cancel()


class Deadline:
    """The context manager of Clock.deadline(): asyncio.timeout() on the exchange's clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.seconds, self.is_expired = clock, seconds, False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task
        self.task, self.cancellations = task, task.cancelling()
        self.timer = self.clock.call_later(self.seconds, self._expire)
        self.timer.task = task

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.timer.cancel()
        if self.is_expired and self.task.uncancel() <= self.cancellations and kind is asyncio.CancelledError:
            raise TimeoutError from error  # the task was canceled only by this deadline

    def _expire(self) -> None:
        self.is_expired = True
        self.task.cancel()


class Clock:
    """Real time plus `ahead`, the seconds it has been moved forward. A stopped clock is moved only by forward()."""

    def __init__(self, stopped: bool = False) -> None:
        self.timers: set[Timer] = set()
        self.ahead = 0.0
        self.stopped_at = time.time() if stopped else None

    def time(self) -> float:
        """The current time as a Unix timestamp."""
        return (time.time() if self.stopped_at is None else self.stopped_at) + self.ahead

    def now(self) -> datetime:
        if self.stopped_at is None and not self.ahead:
            return datetime.now(UTC)  # twice as fast as the line below
        return datetime.fromtimestamp(self.time(), UTC)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        timer = Timer(self, self.time() + max(0.0, seconds), callback)
        self.timers.add(timer)
        self._arm(timer)
        return timer

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return await asyncio.sleep(0)
        woken = asyncio.get_running_loop().create_future()
        timer = self.call_later(seconds, lambda: _wake(woken))
        timer.task = asyncio.current_task()
        try:
            await woken
        finally:
            timer.cancel()

    async def trickle(self, body: bytes, seconds: float) -> AsyncIterator[bytes]:
        """Yields the body in the smallest possible chunks, spread over `seconds`."""
        chunks = max(1, min(len(body), round(seconds / CHUNK_SECONDS)))
        size = -(-len(body) // chunks)
        for start in range(0, len(body), size or 1):
            await self.sleep(seconds * size / len(body))
            yield body[start : start + size]

    def deadline(self, seconds: float) -> Deadline:
        """Raises TimeoutError in the `async with` block after `seconds` on this clock."""
        return Deadline(self, seconds)

    async def forward(self, seconds: float) -> None:
        """Move the clock forward. Timers that fall due are fired in order, each at its own time."""
        await self._settle()  # running tasks may still set timers
        end = self.time() + max(0.0, seconds)
        while (due := min((timer.due for timer in self.timers), default=end)) <= end:
            self.ahead += max(0.0, due - self.time())
            for timer in [timer for timer in self.timers if timer.due <= due]:
                timer.fire()
            await self._settle()
            if not any(timer.due <= end for timer in self.timers):
                break
        self.ahead += max(0.0, end - self.time())
        for timer in list(self.timers):
            self._arm(timer)

    def reset(self) -> None:
        """Cancel all timers and the tasks that wait for them; return to real time. A stopped clock stays stopped."""
        for timer in list(self.timers):
            timer.cancel()
            if timer.task:
                timer.task.cancel()
        self.ahead = 0.0
        if self.stopped_at is not None:
            self.stopped_at = time.time()

    def seconds_until_next_timer(self) -> float | None:
        """Returns the seconds until the next timer fires; None if there is none."""
        due = min((timer.due for timer in self.timers), default=None)
        return None if due is None else max(0.0, due - self.time())

    async def _settle(self) -> None:
        for _ in range(SETTLE_ITERATIONS):
            await asyncio.sleep(0)

    def stop(self) -> None:
        """Stop the clock. From then on, it is moved only by forward()."""
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


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
