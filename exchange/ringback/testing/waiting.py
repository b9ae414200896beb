"""Waiting for a condition, or until the app is idle, with a limit that only a broken test reaches."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.01, 0.1
LIMIT_SECONDS = 120.0  # nothing here takes long, but the machine may be busy
IDLE_POLLS = 3  # consecutive polls without a new or a pending request
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


def until_idle(get_requests: Callable[[], dict[str, Any]], within: float) -> None:
    """Return once no request is pending or new in IDLE_POLLS consecutive results of `GET /requests`.

    Also returns after `within` seconds.
    """
    end, idle, answered = time.monotonic() + within, 0, -1
    while idle < IDLE_POLLS and time.monotonic() < end:
        found = get_requests()
        is_idle = found["pending"] == 0 and len(found["requests"]) == answered
        idle, answered = idle + 1 if is_idle else 0, len(found["requests"])
        time.sleep(MIN_PAUSE_SECONDS)
