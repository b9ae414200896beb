"""A dict of bounded size, which evicts the oldest values first, but never values in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

MAX_PER_HANDSET = 500  # messages, and as many calls
MAX_TOTAL_BYTES = 64 * 1024 * 1024  # of all values in a dict with `size_of`
SLACK_DIVISOR = 10  # the maximum may be exceeded by a tenth before an eviction, so that evictions are rare

K = TypeVar("K")
V = TypeVar("V")


def no_size(value: Any) -> int:
    """The default `size_of`, which means that there is no limit in bytes."""
    return 0


class BoundedDict(dict[K, V]):
    """A dict of at most `max_items` values plus a tenth, not counting the values for which `keep` is true.

    `size_of` returns the size of a value in bytes; the total size is at most MAX_TOTAL_BYTES.
    `on_evict` is called with each evicted value."""

    def __init__(
        self,
        max_items: int,
        keep: Callable[[V], bool] = lambda value: False,
        on_evict: Callable[[V], object] = lambda value: None,
        size_of: Callable[[V], int] = no_size,
    ) -> None:
        super().__init__()
        self.max_items, self.keep, self.on_evict, self.size_of = max_items, keep, on_evict, size_of
        self.max_bytes = MAX_TOTAL_BYTES
        self._kept_items = 0  # as of the last eviction: counting them on every insertion would be slow

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > self.max_items + self.max_items // SLACK_DIVISOR + self._kept_items:
            self._evict(lambda: len(self) > self.max_items + self._kept_items)
        if self.size_of is not no_size and self._is_too_big():
            self._evict(self._is_too_big)

    def _is_too_big(self) -> bool:
        return len(self) > 1 and sum(map(self.size_of, self.values())) > self.max_bytes

    def _evict(self, is_too_big: Callable[[], bool]) -> None:
        evictable = [key for key, value in self.items() if not self.keep(value)]
        self._kept_items = len(self) - len(evictable)
        for key in evictable:
            if not is_too_big():
                return
            self.on_evict(self.pop(key))


def body_size(value: Any) -> int:
    """The size in bytes of a value with a `body`: a Media or a WebhookResponse."""
    return len(value.body)


def trim(values: list[V], keep: Callable[[V], bool] = lambda value: False) -> None:
    """If a handset's list has more than MAX_PER_HANDSET values, remove the oldest one that need not be kept."""
    if len(values) > MAX_PER_HANDSET:
        oldest = next((index for index, value in enumerate(values) if not keep(value)), None)
        if oldest is not None:
            del values[oldest]
