"""Waiting for a condition, with a limit that only a broken test reaches."""

import time
from collections.abc import Callable
from typing import TypeVar

LIMIT_SECONDS = 120.0  # nothing here takes long, but the machine may be busy
POLL_SECONDS = 0.01
Found = TypeVar("Found")


def eventually(
    claim: Callable[[], Found], wanted: str | Callable[[], str] = "", within: float = LIMIT_SECONDS
) -> Found:
    """Return the first true result of `claim`. Raises AssertionError with `wanted` after `within` seconds."""
    __tracebackhide__ = True  # pytest shows the test's own line
    end = time.monotonic() + within
    while not (found := claim()):
        if time.monotonic() > end:
            raise AssertionError(f"Not within {within:g} s: {wanted() if callable(wanted) else wanted or claim}")
        time.sleep(POLL_SECONDS)
    return found
