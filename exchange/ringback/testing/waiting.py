"""Waiting for a condition, with a limit that only a broken test reaches."""

import time
from collections.abc import Callable
from typing import TypeVar

MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.01, 0.1
LIMIT_SECONDS = 120.0  # nothing here takes long, but the machine may be busy
Found = TypeVar("Found")


def eventually(
    claim: Callable[[], Found], wanted: str | Callable[[], str] = "", within: float = LIMIT_SECONDS
) -> Found:
    """Return the first true result of `claim`. Raises AssertionError with `wanted` after `within` seconds."""
    __tracebackhide__ = True  # pytest shows the test's own line
    start = time.monotonic()
    while not (found := claim()):
        waited = time.monotonic() - start
        if waited > within:
            raise AssertionError(f"Not within {within:g} s: {wanted() if callable(wanted) else wanted or claim}")
        time.sleep(min(max(MIN_PAUSE_SECONDS, waited / 20), MAX_PAUSE_SECONDS))  # a long wait costs little CPU time
    return found
