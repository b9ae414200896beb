"""Waiting for a condition, with a limit that only a broken test reaches."""

import time
from collections.abc import Callable
from typing import TypeVar

LIMIT_SECONDS = 120.0  # nothing here takes long, but the machine may be busy
Found = TypeVar("Found")


def eventually(
    claim: Callable[[], Found], wanted: str | Callable[[], str] = "", within: float = LIMIT_SECONDS
) -> Found:
    """Return the first true result of `claim`. Raises AssertionError with `wanted` after `within` seconds."""
    end = time.monotonic() + within
    while not (found := claim()):
        if time.monotonic() > end:
            raise AssertionError(f"Not within {within:.0f} s: {wanted() if callable(wanted) else wanted or claim}")
        time.sleep(0.01)
    return found
