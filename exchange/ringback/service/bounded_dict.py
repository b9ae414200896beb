"""History: what is over is kept up to a number, oldest gone first; what still lasts is never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

CALLS = 2000
TEXTS = 10_000
RECORDINGS = 500
MEDIA = 2000
CONFERENCES = 500
SERVICES = 500  # of Verify, and as many that were deleted
QUEUES = 500
OPT_OUTS = 10_000
OF_ONE_HANDSET = 500  # texts, and as many calls
PAIRS = 5000  # of numbers that have texted each other
ANSWERS = 200  # of the app, to be asked for only if they changed
MOST_BYTES = 64 * 1024 * 1024  # of sound or pictures, besides the number of them
SLACK = 10  # a tenth more may gather before the oldest go, so that each new one costs little

Name = TypeVar("Name")
Thing = TypeVar("Thing")


def nothing(thing: Any) -> int:
    """What most things weigh."""
    return 0


class History(dict[Name, Thing]):
    """At most `most` of what does not last, and a tenth; with `weight`, also so many bytes in all.

    `forgotten` is told of each that goes by itself."""

    def __init__(
        self,
        most: int,
        lasts: Callable[[Thing], bool] = lambda thing: False,
        forgotten: Callable[[Thing], object] = lambda thing: None,
        weight: Callable[[Thing], int] = nothing,
    ) -> None:
        super().__init__()
        self.most, self.lasts, self.forgotten, self.weight = most, lasts, forgotten, weight
        self.heaviest = MOST_BYTES
        self._lasting = 0  # at the last look; a crowd of live calls is not looked through for every new one

    def __setitem__(self, name: Name, thing: Thing) -> None:
        super().__setitem__(name, thing)
        if len(self) > self.most + self.most // SLACK + self._lasting:
            self._forget(lambda: len(self) > self.most + self._lasting)
        if self.weight is not nothing and self._too_heavy():
            self._forget(self._too_heavy)

    def _too_heavy(self) -> bool:
        return len(self) > 1 and sum(map(self.weight, self.values())) > self.heaviest

    def _forget(self, too_much: Callable[[], bool]) -> None:
        over = [name for name, thing in self.items() if not self.lasts(thing)]
        self._lasting = len(self) - len(over)
        for name in over:
            if not too_much():
                return
            self.forgotten(self.pop(name))


def bytes_of(thing: Any) -> int:
    """How much a picture or a page weighs."""
    return len(thing.body)


def trim(things: list[Thing], lasts: Callable[[Thing], bool] = lambda thing: False) -> None:
    """Keep a handset's list short: the oldest that is over goes."""
    if len(things) > OF_ONE_HANDSET:
        oldest = next((place for place, thing in enumerate(things) if not lasts(thing)), None)
        if oldest is not None:
            del things[oldest]
