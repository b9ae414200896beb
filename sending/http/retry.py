"""Request retries: exponential backoff with jitter, and the Retry-After header."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

MAX_TRIES = 5
FIRST_DELAY_SECONDS = 0.5  # doubles with each try
MAX_DELAY_SECONDS = 30  # even if Retry-After asks for more, because a person is waiting for the result
MAX_HEADER_LENGTH = 64  # characters; int() raises ValueError for numbers of more than 4,300 digits

Result = TypeVar("Result")


class GaveUp(Exception):
    """The request has failed for good. The message is a human-readable reason."""


class RetryableError(Exception):
    """The server is busy (429), failing (5xx) or unreachable. `retry_after_seconds` is 0.0 without Retry-After."""

    def __init__(self, reason: str, retry_after_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


def with_retries(request: Callable[[], Result], sleep: Callable[[float], object] = time.sleep) -> Result:
    """Return the result of `request`, called up to five times. Raises GaveUp with the last RetryableError's reason."""
    for attempt in range(MAX_TRIES):
        try:
            return request()
        except RetryableError as error:
            if attempt == MAX_TRIES - 1:
                raise GaveUp(f"{error}, {MAX_TRIES} times") from error
            backoff = random.uniform(0.5, 1) * FIRST_DELAY_SECONDS * 2**attempt  # noqa: S311 (jitter, not a secret)
            sleep(min(max(backoff, error.retry_after_seconds), MAX_DELAY_SECONDS))
    raise AssertionError("unreachable")


def parse_retry_after(value: str, max_seconds: int = MAX_DELAY_SECONDS) -> float:
    """Return how many seconds a Retry-After header asks for, at most `max_seconds`; 0.0 if it cannot be parsed.

    The header contains a number of seconds or a date in one of HTTP's three formats: RFC 9110, sections 10.2.3, 5.6.7.
    """
    try:
        return float(Retry(retry_after_max=max_seconds).parse_retry_after(value[:MAX_HEADER_LENGTH]))
    except (InvalidHeader, ValueError):  # for example, ValueError for the year 99999
        return 0.0
