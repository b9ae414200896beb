"""Patience: asks another's API again when it is busy or away, a few times, later and later, and then gives up."""

import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

TRIES = 5
FIRST = 0.5  # seconds; then twice as long each time
LONGEST = 30.0  # seconds, whatever Retry-After says: somebody watches

Found = TypeVar("Found")


class Unanswered(Exception):
    """They did not tell us what we asked; the message says why, for people."""


class TryLater(Exception):
    """They are busy (429) or in trouble (5xx, no connection). `after`: the seconds they asked for, 0.0 without."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


def patiently(ask: Callable[[], Found], sleep: Callable[[float], object] = time.sleep) -> Found:
    """What `ask` answers, after as many as five tries. Raises Unanswered with the last TryLater's reason."""
    for turn in range(TRIES):
        try:
            return ask()
        except TryLater as busy:
            if turn == TRIES - 1:
                raise Unanswered(f"{busy}, {TRIES} times") from busy
            backoff = random.uniform(0.5, 1) * FIRST * 2**turn  # noqa: S311 (jitter, not a secret)
            sleep(min(max(backoff, busy.after), LONGEST))
    raise AssertionError("unreachable")


def retry_after(text: str) -> float:
    """Seconds until what a Retry-After says (RFC 9110, 10.2.3: seconds or a date); 0.0 when it says nothing."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0
