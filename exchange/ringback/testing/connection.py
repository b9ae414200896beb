"""A JSON API client that can wait for a condition, or until the app is idle."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ringback.testing.json_api import JsonApi
from ringback.testing.waiting import MIN_PAUSE_SECONDS, eventually

QUIET_POLLS = 3
Found = TypeVar("Found")


class Connection(JsonApi):
    """A client of the Ringback at `origin`. Every wait ends after `limit_seconds`."""

    def __init__(self, origin: str, limit_seconds: float) -> None:
        super().__init__(origin)
        self.limit_seconds = limit_seconds

    def wait(self, claim: Callable[[], Found | None], failure: Callable[[], str]) -> Found:
        """Return the first true result. Raises AssertionError with `failure()` after the limit."""
        __tracebackhide__ = True
        found = eventually(claim, failure, self.limit_seconds)
        assert found is not None
        return found

    def settle(self) -> None:
        """Wait until the app has answered all requests and no further one follows, at most until the limit."""
        end, quiet, answered = time.monotonic() + self.limit_seconds, 0, -1
        while quiet < QUIET_POLLS and time.monotonic() < end:
            found = self.get("/requests")
            is_quiet = found["pending"] == 0 and len(found["requests"]) == answered
            quiet, answered = quiet + 1 if is_quiet else 0, len(found["requests"])
            time.sleep(MIN_PAUSE_SECONDS)
