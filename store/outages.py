"""What counts as a store outage, and for how long commands are retried during one."""

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

LOG_INTERVAL_SECONDS = 10  # between two log lines about an outage


class StoreUnavailable(redis.ConnectionError):
    """The store temporarily cannot run a command: a failover, out of memory, or no free connection."""


OUTAGE = (redis.ConnectionError, redis.TimeoutError)

# Error codes: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors. redis-py reports most of
# them as command errors (ResponseError). As connection errors, they are retried on a new connection, which reaches the
# new primary after a failover.
OUTAGE_CODES = (
    "BUSY",  # a script takes too long
    "CLUSTERDOWN",
    "LOADING",  # the store has just started
    "MASTERDOWN",  # a replica without its primary
    "MISCONF",  # the store cannot write to its disk
    "NOREPLICAS",
    "OOM",  # out of memory
    "READONLY",  # the primary has become a replica
    "UNBLOCKED",  # the same, as the reply to a blocking read
)


class OutageParser(DefaultParser):  # type: ignore[misc, valid-type]
    """redis-py's parser, but OUTAGE_CODES raise StoreUnavailable, and a reply takes precedence over its timeout."""

    EXCEPTION_CLASSES = DefaultParser.EXCEPTION_CLASSES | dict.fromkeys(OUTAGE_CODES, StoreUnavailable)

    def read_from_socket(self, *args: Any, **options: Any) -> Any:
        """Read what has arrived. Raises redis.TimeoutError only if nothing has.

        If a process did not run for seconds, because its machine was overloaded, gevent expires its timeouts before it
        reads the replies that have arrived.
        """
        try:
            return super().read_from_socket(*args, **options)
        except redis.TimeoutError:
            return super().read_from_socket(timeout=0)


class Patience(Retry):
    """redis-py's retry, limited by time: connecting is retried within a command's retries, so counts would multiply."""

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
        """Return the result of `do`. Raises its error once an outage has lasted `seconds`, from the outermost call."""
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
    """Log an occasional line, not one for each thread and attempt."""
    global _logged_at
    if time.monotonic() - _logged_at > LOG_INTERVAL_SECONDS:
        _logged_at = time.monotonic()
        log.warning("The store is unavailable, so commands are retried: %s", error)


_logged_at = float("-inf")
