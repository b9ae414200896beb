"""Timeouts for jobs that run as threads of one process: an exception is raised in the job's thread."""

import ctypes
import threading
import time
from types import TracebackType
from typing import Any, ClassVar, Literal

from rq.timeouts import BaseDeathPenalty, BaseTimeoutException

RETRY_INTERVAL_SECONDS = 1.0  # between two attempts to end the same job
MAX_TRIES = 3  # then the job's thread counts as lost


class JobTimeout(BaseDeathPenalty):
    """RQ calls this a "death penalty". RQ's version for threads starts a second thread per job, and tries only once.

    The exception interrupts Python code at any line, even a bare `while True`. It cannot interrupt a system call or C
    code: a job that is stuck there `is_lost` after MAX_TRIES attempts.
    """

    running: ClassVar[set["JobTimeout"]] = set()

    def __init__(self, timeout: float, exception: type[Exception] = BaseTimeoutException, job_id: str = "", **_: Any):
        super().__init__(timeout, exception)
        self.job_id = job_id
        self.thread = threading.get_ident()
        self.next_try_at = time.monotonic() + timeout if timeout > 0 else float("inf")
        self.reason = f"Task exceeded maximum timeout value ({timeout} seconds)"
        self.tries = 0
        self._over = False
        self._lock = threading.Lock()

    @classmethod
    def overdue(cls) -> list["JobTimeout"]:
        now = time.monotonic()
        return [timeout for timeout in cls.running.copy() if timeout.next_try_at <= now]

    @property
    def is_lost(self) -> bool:
        return self.tries >= MAX_TRIES

    def raise_in_job(self, reason: str = "") -> None:
        """Raise the exception in the job's thread, unless the job has ended."""
        with self._lock:
            if self._over:
                return
            self.reason = reason or self.reason
            self.tries += 1
            self.next_try_at = time.monotonic() + RETRY_INTERVAL_SECONDS
            raise_in_thread(self.thread, self._exception)

    def setup_death_penalty(self) -> None:
        JobTimeout.running.add(self)

    def cancel_death_penalty(self) -> None:
        JobTimeout.running.discard(self)
        with self._lock:
            self._over = True
        if self.tries:
            for _ in range(1000):  # a pending asynchronous exception is raised within these bytecodes
                pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        while True:
            try:
                self.cancel_death_penalty()
                break
            except BaseTimeoutException:
                continue  # raised after the job had ended, so only the cancellation must be repeated
        if isinstance(error, self._exception):
            error.args = (self.reason,)
        return False


def raise_in_thread(thread: int, exception: type[BaseException]) -> None:
    """Raise an exception in a thread: https://docs.python.org/3/c-api/threads.html#c.PyThreadState_SetAsyncExc

    Never pass NULL to cancel a pending exception: CPython 3.11 then stays on its slow path, and hangs under a profiler.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(exception))
