"""Within seconds, finds the jobs of a worker that has died, and requeues each of them exactly once.

This relies on RQ's own records. A running job has an execution, listed in its queue's StartedJobRegistry, that names
the worker; a live worker keeps renewing the expiry of its key `rq:worker:<name>`. An execution whose worker has no such
key is an orphan. RQ itself would notice only after a minute or more, and would then fail the job.
"""

import logging
import threading
import time
from collections.abc import Container, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError
from rq import Queue
from rq.callbacks import execute_failure_callback
from rq.exceptions import AbandonedJobError, NoSuchJobError
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.job_lifecycle import record_job_failure
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.utils import as_text, get_version
from rq.worker import BaseWorker

from workers.engine.timeouts import JobTimeout

# How long a job must look lost before it is requeued: when a laptop wakes up, every worker briefly seems dead.
CONFIRM_AFTER_SECONDS = 4.0

ISOLATED_QUEUE = "isolated"  # for jobs that were running when several workers died; each gets its own process
INTERRUPTIONS_BEFORE_ISOLATION = 2
INTERRUPTIONS_BEFORE_FAILURE = 4

JOB_SERIALIZER = JSONSerializer  # for all jobs; queues must use it too

# Moves a job from its queue's intermediate list back to the queue, if the job still exists.
REQUEUE_STRAY_SCRIPT = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('HEXISTS', KEYS[3], 'data') == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[1])
end
"""

Item = TypeVar("Item", bound=Hashable)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunningJob:
    """An entry in a queue's StartedJobRegistry."""

    queue: str
    job_id: str
    execution_id: str
    worker: str


def is_worker_alive(connection: Redis, name: str) -> bool:
    return bool(connection.exists(worker_key(name)))


def worker_key(name: str) -> str:
    return BaseWorker.redis_worker_namespace_prefix + name


class OrphanRecovery:
    """Requeues orphans and strays. A stray is a job taken off its queue by a worker that died before starting it."""

    def __init__(self, connection: Redis, queues: Iterable[str], worker: str, own_executions: Container[str]):
        """`worker` is the worker that runs this search; `own_executions` contains the ids of its current executions."""
        self.connection = connection
        self.queues = [Queue(name, connection=connection, serializer=JOB_SERIALIZER) for name in queues]
        self.worker = worker
        self.own_executions = own_executions
        self.orphans = Debouncer[RunningJob]()
        self.strays = Debouncer[tuple[str, str]]()

    def run(self) -> None:
        started = [running for queue in self.queues for running in load_running_jobs(queue)]
        for orphan in self.orphans.stable(running for running in started if self.is_orphan(running)):
            requeue(self.connection, orphan, own=orphan.worker == self.worker)
        taken = {(queue.name, job_id) for queue in self.queues for job_id in queue.intermediate_queue.get_job_ids()}
        for queue_name, job_id in self.strays.stable(taken - {(running.queue, running.job_id) for running in started}):
            requeue_stray(Queue(queue_name, connection=self.connection, serializer=JOB_SERIALIZER), job_id)

    def is_orphan(self, running: RunningJob) -> bool:
        if running.worker == self.worker:
            return running.execution_id not in self.own_executions
        return not is_worker_alive(self.connection, running.worker)


class Debouncer(Generic[Item]):
    """Records how long each item has been seen without interruption. Its clock stops while the machine sleeps."""

    def __init__(self) -> None:
        self._since: dict[Item, float] = {}

    def stable(self, items: Iterable[Item]) -> list[Item]:
        """Return those items that have been in every call for at least CONFIRM_AFTER_SECONDS."""
        now = time.monotonic()
        self._since = {item: self._since.get(item, now) for item in items}
        return [item for item, since in self._since.items() if now - since >= CONFIRM_AFTER_SECONDS]


def load_running_jobs(queue: Queue) -> list[RunningJob]:
    pairs = queue.started_job_registry.get_job_and_execution_ids(cleanup=False)
    with queue.connection.pipeline(transaction=False) as pipeline:
        for job_id, execution_id in pairs:
            pipeline.hget(Execution(execution_id, job_id, queue.connection).key, "worker_name")
        for job_id, _ in pairs:
            pipeline.hget(Job.key_for(job_id), "worker_name")  # outlives the name in the execution
        names = pipeline.execute()
    return [
        RunningJob(queue.name, job_id, execution_id, as_text(by_execution or by_job or b""))
        for (job_id, execution_id), by_execution, by_job in zip(pairs, names, names[len(pairs) :], strict=False)
    ]


def requeue_dead_worker(connection: Redis, queues: Iterable[str], worker: str, suspect_thread: str = "") -> None:
    """Requeue the jobs of a worker that is known to be dead, without waiting for its key to expire.

    `suspect_thread` is Python's or the kernel's id for the thread that ended the worker, or "" if unknown. If a job was
    running in that thread, only this job counts as interrupted, and it becomes an isolated job.
    """
    connection.delete(worker_key(worker))
    queued = [Queue(name, connection=connection, serializer=JOB_SERIALIZER) for name in queues]
    orphans = [running for queue in queued for running in load_running_jobs(queue) if running.worker == worker]
    suspects = {one for one in orphans if suspect_thread and suspect_thread in load_thread_ids(connection, one)}
    for orphan in orphans:
        interruptions = INTERRUPTIONS_BEFORE_ISOLATION if orphan in suspects else 0 if suspects else 1
        requeue(connection, orphan, interruptions=interruptions)


def load_thread_ids(connection: Redis, running: RunningJob) -> list[str]:
    execution = Execution(running.execution_id, running.job_id, connection)
    return [as_text(id or b"") for id in connection.hmget(execution.key, "thread", "native_thread")]


def current_thread_ids() -> dict[Any, Any]:
    """Return the fields of an execution's hash that `load_thread_ids` reads."""
    return {"thread": threading.get_ident(), "native_thread": threading.get_native_id()}


def requeue(connection: Redis, orphan: RunningJob, own: bool = False, interruptions: int = 1) -> bool:
    """Put the job back at the front of its queue, with the same id. Of several callers, exactly one gets True.

    Does nothing if the job has ended or is already queued, or if its worker is alive, unless that worker itself is
    requeueing one of its `own` jobs. `interruptions` is added to the job's interruption count, which decides whether
    the job goes to the isolated queue or fails.
    """
    execution = Execution(orphan.execution_id, orphan.job_id, connection, orphan.worker)
    try:
        job = Job.fetch(orphan.job_id, connection, serializer=JOB_SERIALIZER)
    except NoSuchJobError:
        return False
    get_version(connection)  # RQ caches this; when enqueueing, it would ask on a second connection
    with connection.pipeline() as pipeline:  # reads use it too, because a second connection may not be free
        try:
            pipeline.watch(job.key, *([] if own else [worker_key(orphan.worker)]))
            if pipeline.zscore(job.started_job_registry.key, execution.composite_key) is None:
                return False
            if not own and is_worker_alive(pipeline, orphan.worker):
                return False
            is_started = as_text(pipeline.hget(job.key, "status") or b"") == JobStatus.STARTED
            pipeline.multi()
            execution.delete(job, pipeline)
            if is_started:
                requeue_or_fail(job, pipeline, interruptions)
            pipeline.execute()
        except WatchError:
            return False
    if job.get_status(refresh=False) == JobStatus.FAILED:
        run_failure_callback(job)
    return True


def requeue_or_fail(job: Job, pipeline: Pipeline, interruptions: int) -> None:
    count = job.meta.get("interruptions", 0) + interruptions
    if interruptions:
        job.meta["interruptions"] = count
    if count >= INTERRUPTIONS_BEFORE_FAILURE:
        reason = f"{count} workers died while it was running"
        log.error("Job %s failed: %s", job.id, reason)
        return record_job_failure(job, f"{AbandonedJobError.__name__}: {reason}", pipeline)
    queue = Queue(
        ISOLATED_QUEUE if count >= INTERRUPTIONS_BEFORE_ISOLATION else job.origin,
        connection=job.connection,
        serializer=JOB_SERIALIZER,
    )
    log.warning("Job %s was running when its worker ended: requeued on %s", job.id, queue.name)
    job.started_at = None
    queue._enqueue_job(job, pipeline=pipeline, at_front=True)  # as RQ's own registries do to requeue a job


def run_failure_callback(job: Job, timeout: type[BaseDeathPenalty] = JobTimeout) -> None:
    try:
        execute_failure_callback(job, timeout, AbandonedJobError, AbandonedJobError(), None)
    except Exception:
        log.exception("The failure callback of job %s failed", job.id)


def requeue_stray(queue: Queue, job_id: str) -> None:
    """Requeue a job that was taken off its queue but not started."""
    log.warning("Job %s was taken off its queue but not started: requeued on %s", job_id, queue.name)
    queue.connection.eval(REQUEUE_STRAY_SCRIPT, 3, queue.intermediate_queue_key, queue.key, Job.key_for(job_id), job_id)
