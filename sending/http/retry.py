"""Patience: asks another's API again when it is busy or away, a few times, later and later, and then gives up."""

import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

MAX_TRIES = 5
FIRST_DELAY_SECONDS = 0.5  # seconds; then twice as long each time
MAX_DELAY_SECONDS = 30.0  # seconds, whatever Retry-After says: somebody watches

Result = TypeVar("Result")


class GaveUp(Exception):
    """They did not tell us what we asked; the message says why, for people."""


class RetryableError(Exception):
    """They are busy (429) or in trouble (5xx, no connection). `retry_after_seconds` is 0.0 without Retry-After."""

    def __init__(self, reason: str, retry_after_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


def with_retries(ask: Callable[[], Result], sleep: Callable[[float], object] = time.sleep) -> Result:
    """What `ask` answers, after as many as five tries. Raises GaveUp with the last RetryableError's reason."""
    for turn in range(MAX_TRIES):
        try:
            return ask()
        except RetryableError as busy:
            if turn == MAX_TRIES - 1:
                raise GaveUp(f"{busy}, {MAX_TRIES} times") from busy
            backoff = random.uniform(0.5, 1) * FIRST_DELAY_SECONDS * 2**turn  # noqa: S311 (jitter, not a secret)
            sleep(min(max(backoff, busy.retry_after_seconds), MAX_DELAY_SECONDS))
    raise AssertionError("unreachable")


def parse_retry_after(text: str) -> float:
    """Seconds until what a Retry-After says (RFC 9110, 10.2.3: seconds or a date); 0.0 when it says nothing."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0
