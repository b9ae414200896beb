"""A clock for the exchange that tests move, so that a slow test, browser or machine causes no timeout."""

import asyncio
from collections.abc import Callable

from ringback.service.clock import Clock, Timer

SHORT_SECONDS = 1.0


class SteppedClock(Clock):
    """Moves only when stepped, except that delays shorter than a second expire by themselves until `stop` is called.

    The exchange uses such delays to order its own work; any delay that an app or a person waits for is longer.
    """

    def __init__(self) -> None:
        super().__init__(stopped=True)
        self.short_delays_end = True

    def call_later(self, seconds: float, act: Callable[[], None]) -> Timer:
        timer = super().call_later(seconds, act)
        if self.short_delays_end and 0 < seconds < SHORT_SECONDS:
            timer.handle = asyncio.get_running_loop().call_later(seconds, self._reach, timer)
        return timer

    def stop(self) -> None:
        self.short_delays_end = False
        super().stop()

    def _reach(self, timer: Timer) -> None:
        self.ahead += max(0.0, timer.due - self.time())
        timer.fire()
