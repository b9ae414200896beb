"""Rate limits: how many segments a number sends, or calls an account starts, per second. The excess is queued.

https://help.twilio.com/articles/115002943027 (2026-11)"""

from __future__ import annotations

from ringback.service.bounded_dict import BoundedDict
from ringback.service.clock import Clock

MAX_SENDERS = 5000


class RateLimiter:
    """Reserves time slots in request order. There is no limit if `per_second` is 0."""

    def __init__(self, clock: Clock, per_second: float) -> None:
        self.clock, self.per_second = clock, per_second
        self.free_from: BoundedDict[str, float] = BoundedDict(MAX_SENDERS)

    def reserve(self, key: str, units: int = 1) -> float:
        """Reserve the next free slot, long enough for `units`. Returns the number of seconds until the slot starts."""
        if not self.per_second:
            return 0.0
        wait = self.backlog(key)
        self.free_from[key] = self.clock.time() + wait + units / self.per_second
        return wait

    def backlog(self, key: str) -> float:
        """The seconds until the queue is empty."""
        return max(0.0, self.free_from.get(key, 0.0) - self.clock.time())
