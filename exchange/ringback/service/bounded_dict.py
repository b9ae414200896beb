"""A dict of bounded size: the oldest items are evicted first, those still in use never."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

MAX_CALLS = 2000
MAX_MESSAGES = 10_000
MAX_RECORDINGS = 500
MAX_MEDIA = 2000
MAX_CONFERENCES = 500
MAX_VERIFY_SERVICES = 500  # of Verify, and as many that were deleted
MAX_QUEUES = 500
MAX_OPT_OUTS = 10_000
MAX_PER_HANDSET = 500  # texts, and as many calls
MAX_PAIRS = 5000  # of numbers that have texted each other
MAX_CACHED_RESPONSES = 200  # of the app, to be asked for only if they changed
MAX_TOTAL_BYTES = 64 * 1024 * 1024  # of sound or pictures, besides the number of them
SLACK_DIVISOR = 10  # a tenth more may gather before the oldest go, so that each new one costs little

K = TypeVar("K")
V = TypeVar("V")


def no_size(thing: Any) -> int:
    """What most things weigh."""
    return 0


class BoundedDict(dict[K, V]):
    """At most `max_items`, and a tenth more, besides those that `keep` is true of.

    With `size_of`, their sizes are also at most MAX_TOTAL_BYTES in total.
    `on_evict` is called with each evicted value."""

    def __init__(
        self,
        max_items: int,
        keep: Callable[[V], bool] = lambda thing: False,
        on_evict: Callable[[V], object] = lambda thing: None,
        size_of: Callable[[V], int] = no_size,
    ) -> None:
        super().__init__()
        self.max_items, self.keep, self.on_evict, self.size_of = max_items, keep, on_evict, size_of
        self.max_bytes = MAX_TOTAL_BYTES
        self._kept_items = 0  # at the last look; a crowd of live calls is not looked through for every new one

    def __setitem__(self, name: K, thing: V) -> None:
        super().__setitem__(name, thing)
        if len(self) > self.max_items + self.max_items // SLACK_DIVISOR + self._kept_items:
            self._evict(lambda: len(self) > self.max_items + self._kept_items)
        if self.size_of is not no_size and self._is_too_big():
            self._evict(self._is_too_big)

    def _is_too_big(self) -> bool:
        return len(self) > 1 and sum(map(self.size_of, self.values())) > self.max_bytes

    def _evict(self, too_much: Callable[[], bool]) -> None:
        over = [name for name, thing in self.items() if not self.keep(thing)]
        self._kept_items = len(self) - len(over)
        for name in over:
            if not too_much():
                return
            self.on_evict(self.pop(name))


def body_size(thing: Any) -> int:
    """How much a picture or a page weighs."""
    return len(thing.body)


def trim(things: list[V], keep: Callable[[V], bool] = lambda thing: False) -> None:
    """Keep a handset's list short: the oldest that is over goes."""
    if len(things) > MAX_PER_HANDSET:
        oldest = next((place for place, thing in enumerate(things) if not keep(thing)), None)
        if oldest is not None:
            del things[oldest]
