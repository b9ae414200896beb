"""Jobs whose worker died while it ran them: found within seconds, and put back on a queue exactly once.

The facts are RQ's own. A job that runs stands in its queue's StartedJobRegistry as an execution, which names its
worker; a worker that lives renews the expiry of its `rq:worker:<name>`. So an execution whose worker has no such
key is an orphan. RQ itself would notice too, but only after a minute or more, and would fail it.
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
from rq.utils import as_text
from rq.worker import BaseWorker

from workers.engine.timeouts import JobTimeout

CONFIRM_AFTER_SECONDS = (
    4.0  # seconds a thing must look wrong: after a laptop's sleep every worker seems dead for a moment
)

ISOLATED_QUEUE = (
    "alone"  # the queue of jobs that were running too often when a worker died; each gets a process to itself
)
INTERRUPTIONS_BEFORE_ISOLATION = 2
INTERRUPTIONS_BEFORE_FAILURE = 4

JOB_SERIALIZER = JSONSerializer  # as in workers/queues.py
REQUEUE_STRAY_SCRIPT = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('HEXISTS', KEYS[3], 'data') == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[1])
end
"""

Item = TypeVar("Item", bound=Hashable)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunningJob:
    """A job that is running, as its queue's StartedJobRegistry has it."""

    queue: str
    job_id: str
    execution_id: str
    worker: str


def is_worker_alive(connection: Redis, name: str) -> bool:
    return bool(connection.exists(worker_key(name)))


def worker_key(name: str) -> str:
    return BaseWorker.redis_worker_namespace_prefix + name


class OrphanRecovery:
    """One worker's search of its queues. It puts back what has looked wrong for SURE_AFTER seconds."""

    def __init__(self, connection: Redis, queues: Iterable[str], worker: str, own_executions: Container[str]):
        """`own_executions`: the ids of the executions the searching worker itself has in hand just now."""
        self.connection = connection
        self.queues = [Queue(name, connection=connection, serializer=JOB_SERIALIZER) for name in queues]
        self.worker = worker
        self.own_executions = own_executions
        self.orphans = Debouncer[RunningJob]()
        self.strays = Debouncer[tuple[str, str]]()

    def __call__(self) -> None:
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
    """Remembers since when things are seen. Its clock stands still while the machine sleeps."""

    def __init__(self) -> None:
        self._since: dict[Item, float] = {}

    def stable(self, things: Iterable[Item]) -> list[Item]:
        now = time.monotonic()
        self._since = {thing: self._since.get(thing, now) for thing in things}
        return [thing for thing, since in self._since.items() if now - since >= CONFIRM_AFTER_SECONDS]


def load_running_jobs(queue: Queue) -> list[RunningJob]:
    pairs = queue.started_job_registry.get_job_and_execution_ids(cleanup=False)
    with queue.connection.pipeline(transaction=False) as pipeline:
        for job_id, execution_id in pairs:
            pipeline.hget(Execution(execution_id, job_id, queue.connection).key, "worker_name")
        for job_id, _ in pairs:
            pipeline.hget(Job.key_for(job_id), "worker_name")  # outlives the former
        names = pipeline.execute()
    return [
        RunningJob(queue.name, job_id, execution_id, as_text(by_execution or by_job or b""))
        for (job_id, execution_id), by_execution, by_job in zip(pairs, names, names[len(pairs) :], strict=False)
    ]


def requeue_dead_worker(connection: Redis, queues: Iterable[str], worker: str, suspect_thread: str = "") -> None:
    """Put back what a worker was running that is known to have ended, without waiting for its key to expire.

    `suspect_thread`: the thread that ended it, if known, by its number in Python or the kernel. Then only the job that
    ran there is to blame, and runs alone from now on.
    """
    connection.delete(worker_key(worker))
    queued = [Queue(name, connection=connection, serializer=JOB_SERIALIZER) for name in queues]
    left = [running for queue in queued for running in load_running_jobs(queue) if running.worker == worker]
    guilty = {running for running in left if suspect_thread and suspect_thread in load_thread_ids(connection, running)}
    for running in left:
        blame = INTERRUPTIONS_BEFORE_ISOLATION if running in guilty else 0 if guilty else 1
        requeue(connection, running, interruptions=blame)


def load_thread_ids(connection: Redis, running: RunningJob) -> list[str]:
    execution = Execution(running.execution_id, running.job_id, connection)
    return [as_text(number or b"") for number in connection.hmget(execution.key, "thread", "native_thread")]


def current_thread_ids() -> dict[Any, Any]:
    """What `threads_of` finds again, in the execution's hash."""
    return {"thread": threading.get_ident(), "native_thread": threading.get_native_id()}


def requeue(connection: Redis, orphan: RunningJob, own: bool = False, interruptions: int = 1) -> bool:
    """Queue the job again, in front and under its own id. Whether this call did it: of many, one does.

    Nothing happens when the job has ended, is back already, or its worker lives; unless that worker itself calls, for
    one of its `own`. What was interrupted often goes to the queue `alone`, in the end to the failed jobs;
    `interruptions` is what this one counts for.
    """
    execution = Execution(orphan.execution_id, orphan.job_id, connection, orphan.worker)
    with connection.pipeline() as pipeline:
        try:
            pipeline.watch(Job.key_for(orphan.job_id), *([] if own else [worker_key(orphan.worker)]))
            job = Job.fetch(orphan.job_id, connection, serializer=JOB_SERIALIZER)
            if not is_registered(execution, job) or (not own and is_worker_alive(connection, orphan.worker)):
                return False
            pipeline.multi()
            execution.delete(job, pipeline)
            if job.get_status(refresh=False) == JobStatus.STARTED:
                requeue_or_fail(job, pipeline, interruptions)
            pipeline.execute()
        except (WatchError, NoSuchJobError):
            return False
    if job.get_status(refresh=False) == JobStatus.FAILED:
        run_failure_callback(job)
    return True


def is_registered(execution: Execution, job: Job) -> bool:
    return execution.connection.zscore(job.started_job_registry.key, execution.composite_key) is not None


def requeue_or_fail(job: Job, pipeline: Pipeline, interruptions: int) -> None:
    count = job.meta.get("interruptions", 0) + interruptions
    if interruptions:
        job.meta["interruptions"] = count
    if count >= INTERRUPTIONS_BEFORE_FAILURE:
        log.error("Job %s failed: %d workers died while it ran", job.id, count)
        return record_job_failure(job, f"{AbandonedJobError.__name__}: {count} workers died while it ran", pipeline)
    queue = Queue(
        ISOLATED_QUEUE if count >= INTERRUPTIONS_BEFORE_ISOLATION else job.origin,
        connection=job.connection,
        serializer=JOB_SERIALIZER,
    )
    log.warning("Job %s was running when its worker ended: back on %s", job.id, queue.name)
    job.started_at = None
    queue._enqueue_job(job, pipeline=pipeline, at_front=True)  # what RQ's own registries call to requeue


def run_failure_callback(job: Job, time_out: type[BaseDeathPenalty] = JobTimeout) -> None:
    try:
        execute_failure_callback(job, time_out, AbandonedJobError, AbandonedJobError(), None)
    except Exception:
        log.exception("The failure callback of job %s failed", job.id)


def requeue_stray(queue: Queue, job_id: str) -> None:
    """A job taken off its queue by a worker that died before it could start it."""
    log.warning("Job %s was taken and not started: back on %s", job_id, queue.name)
    queue.connection.eval(REQUEUE_STRAY_SCRIPT, 3, queue.intermediate_queue_key, queue.key, Job.key_for(job_id), job_id)
