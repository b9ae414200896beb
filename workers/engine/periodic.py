"""A worker's periodic functions: each runs in its own thread at its own interval. RQ's scheduler is one of them."""

import logging
import threading
from collections.abc import Callable

from redis import Redis
from rq.scheduler import RQScheduler
from rq.scripts import release_lock
from rq.utils import as_text

from workers.engine.dead_worker_recovery import JOB_SERIALIZER, Debouncer, is_worker_alive

PeriodicTask = tuple[float, Callable[[Redis], object]]
"""The seconds between two calls, and the function to call. All workers call it, possibly at the same time."""

log = logging.getLogger(__name__)


def call_every(seconds: float, function: Callable[[], object], until: threading.Event) -> None:
    """Call `function` at this interval until the event is set. Exceptions are logged."""
    while not until.wait(seconds):
        try:
            function()
        except Exception:
            log.exception("%s failed; the next call is in %g seconds", function, seconds)


class Scheduler:
    """Runs RQ's scheduler, which enqueues delayed jobs, in this process; RQ would start another process for it.

    A lock for each queue allows one worker at a time. It contains the worker's name, so that another worker can release
    a dead worker's lock; RQ would wait a minute for the lock to expire.
    """

    def __init__(self, connection: Redis, queues: list[str], worker: str):
        self.scheduler = RQScheduler(
            queues, connection, name=worker, logging_level=logging.WARNING, serializer=JOB_SERIALIZER
        )
        self.scheduler._connection = connection  # type: ignore[assignment]  # otherwise RQ makes another pool
        self.keys = {queue: RQScheduler.get_locking_key(queue) for queue in queues}
        self.connection = connection
        self.stale_locks = Debouncer[tuple[str, str]]()

    def run(self) -> None:
        if self.scheduler.acquired_locks != set(self.keys):
            self.release_stale_locks()
            self.scheduler.acquire_locks()
            self.scheduler.register_birth()
        self.scheduler.heartbeat()
        self.scheduler.enqueue_scheduled_jobs()

    def release_stale_locks(self) -> None:
        locks = {(key, as_text(self.connection.get(key) or b"")) for key in self.keys.values()}
        stale = {(key, owner) for key, owner in locks if owner and not is_worker_alive(self.connection, owner)}
        for key, owner in self.stale_locks.stable(stale):
            release_lock(self.connection, key, owner)

    def close(self) -> None:
        self.scheduler.release_locks()
        self.scheduler.register_death()
