"""RQ's job time-out for jobs that share a process as threads: each is ended in its own thread, by one watcher."""

import ctypes
import threading
import time
from types import TracebackType
from typing import Any, ClassVar, Literal

from rq.timeouts import BaseDeathPenalty, BaseTimeoutException

RETRY_INTERVAL_SECONDS = 1.0  # seconds between two tries to end the same job
MAX_TRIES = 3  # after which its thread is given up as lost


class JobTimeout(BaseDeathPenalty):
    """What RQ calls a death penalty. RQ's own for threads starts a second thread per job, and is spent after one try.

    `raise_in_thread` can end a job in Python code at any line, also a bare `while True`. It cannot end one that
    waits in a system call or in C: such a job counts as `is_lost` after three tries.
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
        return [deadline for deadline in cls.running.copy() if deadline.next_try_at <= now]

    @property
    def is_lost(self) -> bool:
        return self.tries >= MAX_TRIES

    def raise_in_job(self, reason: str = "") -> None:
        """Raise the time-out in the job's thread, unless the job has ended meanwhile."""
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
            for _ in range(1000):  # lets in what was raised and has not arrived yet
                pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        while True:
            try:
                self.cancel_death_penalty()
                break
            except BaseTimeoutException:
                continue  # it arrived just here: the job is done, only the cancelling is to do again
        if isinstance(error, self._exception):
            error.args = (self.reason,)
        return False


def raise_in_thread(thread: int, exception: type[BaseException]) -> None:
    """https://docs.python.org/3/c-api/threads.html#c.PyThreadState_SetAsyncExc

    Not to be used with NULL, to take one back: CPython 3.11 then stays on its slow path for good, and under a
    profiler it stands still.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(exception))
