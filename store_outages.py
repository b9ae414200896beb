"""What counts as an outage of the store, and for how long a command is repeated meanwhile."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.connection import DefaultParser
from redis.retry import Retry

Result = TypeVar("Result")
log = logging.getLogger(__name__)

LOG_INTERVAL_SECONDS = 10  # between two lines in the log about an outage


class StoreUnavailable(redis.ConnectionError):
    """The store cannot serve this now, though it may in a moment: a failover, a full memory, no free connection."""


OUTAGE = (redis.ConnectionError, redis.TimeoutError)

# Error codes: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors. To redis-py most of them are
# errors of the command. As errors of the connection they are retried on a new connection, which reaches the new primary
# after a failover.
OUTAGE_CODES = (
    "BUSY",  # a script takes too long
    "CLUSTERDOWN",
    "LOADING",  # it has just started
    "MASTERDOWN",  # a replica without its primary
    "MISCONF",  # it cannot write to its disk
    "NOREPLICAS",
    "OOM",  # its memory is full
    "READONLY",  # it is a replica now
    "UNBLOCKED",  # the same, to a blocking read
)


class OutageParser(DefaultParser):  # type: ignore[misc, valid-type]
    """redis-py's parser, with OUTAGE_CODES as StoreUnavailable."""

    EXCEPTION_CLASSES = DefaultParser.EXCEPTION_CLASSES | dict.fromkeys(OUTAGE_CODES, StoreUnavailable)


class Patience(Retry):
    """redis-py's retry, limited by time. Connecting is a retry within that of a command, so counts would multiply."""

    def __init__(self, seconds: float) -> None:
        super().__init__(ExponentialWithJitterBackoff(cap=1, base=0.02), -1)
        self.seconds = seconds
        self.started_at: float | None = None

    def call_with_retry(
        self,
        do: Callable[[], Result],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> Result:
        """The result of `do`. An outage that outlasts `seconds`, counted from the outermost call, is raised."""
        if self.started_at is not None:
            return super().call_with_retry(do, fail, self._is_early, with_failure_count)
        self.started_at = time.monotonic()
        try:
            return super().call_with_retry(do, fail, self._is_early, with_failure_count)
        finally:
            self.started_at = None

    def _is_early(self, error: Exception) -> bool:
        if isinstance(error, redis.AuthenticationError) or time.monotonic() > (self.started_at or 0) + self.seconds:
            return False
        _log_outage(error)
        return True


def _log_outage(error: Exception) -> None:
    """One line now and then, not one for each thread and try."""
    global _logged_at
    if time.monotonic() - _logged_at > LOG_INTERVAL_SECONDS:
        _logged_at = time.monotonic()
        log.warning("The store is not available, so commands are repeated: %s", error)


_logged_at = float("-inf")
