"""Rates: how many segments a number may send, or calls an account may begin, in a second; the rest waits in order."""

from __future__ import annotations

from ringback.service.bounded_dict import MAX_PAIRS, BoundedDict
from ringback.service.clock import Clock


class RateLimiter:
    """Turns, handed out in the order they are asked for. A rate of 0 lets everybody go at once."""

    def __init__(self, clock: Clock, per_second: float) -> None:
        self.clock, self.per_second = clock, per_second
        self.free_from: BoundedDict[str, float] = BoundedDict(MAX_PAIRS)

    def reserve(self, who: str, units: int = 1) -> float:
        """Take the next turn, which lasts as long as so many units need: the seconds until it comes."""
        if not self.per_second:
            return 0.0
        wait = self.backlog(who)
        self.free_from[who] = self.clock.time() + wait + units / self.per_second
        return wait

    def backlog(self, who: str) -> float:
        """The seconds until everything that waits is gone."""
        return max(0.0, self.free_from.get(who, 0.0) - self.clock.time())
