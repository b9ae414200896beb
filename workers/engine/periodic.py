"""What every worker does beside its jobs, and how often: each in a thread of its own, never in the way of a job."""

import logging
import threading
from collections.abc import Callable
from functools import partial

from redis import Redis
from rq.scheduler import RQScheduler
from rq.scripts import release_lock
from rq.utils import as_text

from workers import sweep
from workers.engine.recovery import JOB_SERIALIZER, Debouncer, is_worker_alive

# (seconds, function): all workers call these, at the same time too.
PERIODIC_FUNCTIONS: list[tuple[float, Callable[[Redis], object]]] = [
    (sweep.INTERVAL_SECONDS, sweep.sweep),
]

log = logging.getLogger(__name__)


def call_every(seconds: float, chore: Callable[[], object], until: threading.Event) -> None:
    """Call it every so many seconds. Its failures are logged, and it is called again."""
    while not until.wait(seconds):
        try:
            chore()
        except Exception:
            log.exception("%s failed; it is tried again in %g seconds", chore, seconds)


def bind_functions(connection: Redis) -> list[tuple[float, Callable[[], object]]]:
    return [(seconds, partial(chore, connection)) for seconds, chore in PERIODIC_FUNCTIONS]


class Scheduler:
    """RQ's own, for jobs that are to start later (a `Retry` with an interval); RQ runs it in a process of its own.

    Only one worker at a time may do it for a queue, by a lock that RQ lets live for a minute. Ours carry the worker's
    name, so that one whose worker is gone can be taken over at once.
    """

    def __init__(self, connection: Redis, queues: list[str], worker: str):
        self.scheduler = RQScheduler(
            queues, connection, name=worker, logging_level=logging.WARNING, serializer=JOB_SERIALIZER
        )
        self.keys = {queue: RQScheduler.get_locking_key(queue) for queue in queues}
        self.connection = connection
        self.stale_locks = Debouncer[tuple[str, str]]()

    def __call__(self) -> None:
        if self.scheduler.acquired_locks != set(self.keys):
            self.release_stale_locks()
            self.scheduler.acquire_locks()
            self.scheduler.register_birth()
        self.scheduler.heartbeat()
        self.scheduler.enqueue_scheduled_jobs()

    def release_stale_locks(self) -> None:
        held = {(key, as_text(self.connection.get(key) or b"")) for key in self.keys.values()}
        gone = {(key, owner) for key, owner in held if owner and not is_worker_alive(self.connection, owner)}
        for key, owner in self.stale_locks.stable(gone):
            release_lock(self.connection, key, owner)

    def close(self) -> None:
        self.scheduler.release_locks()
        self.scheduler.register_death()
