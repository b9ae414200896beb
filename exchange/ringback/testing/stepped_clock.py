"""A clock for the exchange that tests move, so that a slow test, browser or machine causes no timeout."""

import asyncio
from collections.abc import Callable

from ringback.service.clock import Clock, Timer

SHORT_SECONDS = 1.0
MAX_RESPONSE_SECONDS = 5.0  # how long each forward() waits in all for responses, in real time
POLL_SECONDS = 0.005


class SteppedClock(Clock):
    """Moves only when stepped, except that delays shorter than a second expire by themselves until `stop` is called.

    The exchange uses such delays to order its own work; any delay that an app or a person waits for is longer.

    An app responds in real time, so forward() waits until `is_app_busy` is false, before it moves the clock and after
    each timer. Otherwise, the clock could pass the deadline of a webhook that the app is about to answer.
    """

    def __init__(self) -> None:
        super().__init__(stopped=True)
        self.short_delays_end = True
        self.is_app_busy: Callable[[], bool] = lambda: False
        self.wait_until = 0.0  # on the event loop's clock

    async def forward(self, seconds: float) -> None:
        self.wait_until = asyncio.get_running_loop().time() + MAX_RESPONSE_SECONDS
        await super().forward(seconds)

    async def _settle(self) -> None:
        await super()._settle()
        while self.is_app_busy() and asyncio.get_running_loop().time() < self.wait_until:
            await asyncio.sleep(POLL_SECONDS)
            await super()._settle()

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
