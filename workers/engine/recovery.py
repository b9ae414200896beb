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

from workers.engine.timeouts import Deadline

SURE_AFTER = 4.0  # seconds a thing must look wrong: after a laptop's sleep every worker seems dead for a moment

ALONE = "alone"  # the queue of jobs that were running too often when a worker died; each gets a process to itself
INTERRUPTIONS_BEFORE_ALONE = 2
INTERRUPTIONS_BEFORE_FAILED = 4

JOBS_ARE = JSONSerializer  # as in workers/queues.py
MOVE_BACK = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('HEXISTS', KEYS[3], 'data') == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[1])
end
"""

Thing = TypeVar("Thing", bound=Hashable)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Running:
    """A job that is running, as its queue's StartedJobRegistry has it."""

    queue: str
    job_id: str
    execution_id: str
    worker: str


def has_worker(connection: Redis, name: str) -> bool:
    return bool(connection.exists(worker_key(name)))


def worker_key(name: str) -> str:
    return BaseWorker.redis_worker_namespace_prefix + name


class Search:
    """One worker's search of its queues. It puts back what has looked wrong for SURE_AFTER seconds."""

    def __init__(self, connection: Redis, queues: Iterable[str], worker: str, held: Container[str]):
        """`held`: the ids of the executions the searching worker itself has in hand just now."""
        self.connection = connection
        self.queues = [Queue(name, connection=connection, serializer=JOBS_ARE) for name in queues]
        self.worker = worker
        self.held = held
        self.orphans = Sightings[Running]()
        self.strays = Sightings[tuple[str, str]]()

    def __call__(self) -> None:
        started = [running for queue in self.queues for running in started_jobs(queue)]
        for orphan in self.orphans.lasting(running for running in started if self.lacks_worker(running)):
            put_back(self.connection, orphan, own=orphan.worker == self.worker)
        taken = {(queue.name, job_id) for queue in self.queues for job_id in queue.intermediate_queue.get_job_ids()}
        for queue_name, job_id in self.strays.lasting(taken - {(running.queue, running.job_id) for running in started}):
            put_back_stray(Queue(queue_name, connection=self.connection, serializer=JOBS_ARE), job_id)

    def lacks_worker(self, running: Running) -> bool:
        if running.worker == self.worker:
            return running.execution_id not in self.held
        return not has_worker(self.connection, running.worker)


class Sightings(Generic[Thing]):
    """Remembers since when things are seen. Its clock stands still while the machine sleeps."""

    def __init__(self) -> None:
        self._since: dict[Thing, float] = {}

    def lasting(self, things: Iterable[Thing]) -> list[Thing]:
        now = time.monotonic()
        self._since = {thing: self._since.get(thing, now) for thing in things}
        return [thing for thing, since in self._since.items() if now - since >= SURE_AFTER]


def started_jobs(queue: Queue) -> list[Running]:
    pairs = queue.started_job_registry.get_job_and_execution_ids(cleanup=False)
    with queue.connection.pipeline(transaction=False) as pipeline:
        for job_id, execution_id in pairs:
            pipeline.hget(Execution(execution_id, job_id, queue.connection).key, "worker_name")
        for job_id, _ in pairs:
            pipeline.hget(Job.key_for(job_id), "worker_name")  # outlives the former
        names = pipeline.execute()
    return [
        Running(queue.name, job_id, execution_id, as_text(by_execution or by_job or b""))
        for (job_id, execution_id), by_execution, by_job in zip(pairs, names, names[len(pairs) :], strict=False)
    ]


def bury(connection: Redis, queues: Iterable[str], worker: str, culprit: str = "") -> None:
    """Put back what a worker was running that is known to have ended, without waiting for its key to expire.

    `culprit`: the thread that ended it, if known, by its number in Python or in the kernel. Then only the job that ran
    there is to blame, and runs alone from now on.
    """
    connection.delete(worker_key(worker))
    queued = [Queue(name, connection=connection, serializer=JOBS_ARE) for name in queues]
    left = [running for queue in queued for running in started_jobs(queue) if running.worker == worker]
    guilty = {running for running in left if culprit and culprit in threads_of(connection, running)}
    for running in left:
        blame = INTERRUPTIONS_BEFORE_ALONE if running in guilty else 0 if guilty else 1
        put_back(connection, running, interruptions=blame)


def threads_of(connection: Redis, running: Running) -> list[str]:
    execution = Execution(running.execution_id, running.job_id, connection)
    return [as_text(number or b"") for number in connection.hmget(execution.key, "thread", "native_thread")]


def this_thread() -> dict[Any, Any]:
    """What `threads_of` finds again, in the execution's hash."""
    return {"thread": threading.get_ident(), "native_thread": threading.get_native_id()}


def put_back(connection: Redis, orphan: Running, own: bool = False, interruptions: int = 1) -> bool:
    """Queue the job again, in front and under its own id. Whether this call did it: of many, one does.

    Nothing happens when the job has ended, is back already, or its worker lives; unless that worker itself calls, for
    one of its `own`. What was interrupted often goes to the queue `alone`, in the end to the failed jobs;
    `interruptions` is what this one counts for.
    """
    execution = Execution(orphan.execution_id, orphan.job_id, connection, orphan.worker)
    with connection.pipeline() as pipeline:
        try:
            pipeline.watch(Job.key_for(orphan.job_id), *([] if own else [worker_key(orphan.worker)]))
            job = Job.fetch(orphan.job_id, connection, serializer=JOBS_ARE)
            if not is_unchanged(execution, job) or (not own and has_worker(connection, orphan.worker)):
                return False
            pipeline.multi()
            execution.delete(job, pipeline)
            if job.get_status(refresh=False) == JobStatus.STARTED:
                send_on(job, pipeline, interruptions)
            pipeline.execute()
        except (WatchError, NoSuchJobError):
            return False
    if job.get_status(refresh=False) == JobStatus.FAILED:
        tell_of_failure(job)
    return True


def is_unchanged(execution: Execution, job: Job) -> bool:
    return execution.connection.zscore(job.started_job_registry.key, execution.composite_key) is not None


def send_on(job: Job, pipeline: Pipeline, interruptions: int) -> None:
    count = job.meta.get("interruptions", 0) + interruptions
    if interruptions:
        job.meta["interruptions"] = count
    if count >= INTERRUPTIONS_BEFORE_FAILED:
        log.error("Job %s failed: %d workers died while it ran", job.id, count)
        return record_job_failure(job, f"{AbandonedJobError.__name__}: {count} workers died while it ran", pipeline)
    queue = Queue(
        ALONE if count >= INTERRUPTIONS_BEFORE_ALONE else job.origin,
        connection=job.connection,
        serializer=JOBS_ARE,
    )
    log.warning("Job %s was running when its worker ended: back on %s", job.id, queue.name)
    job.started_at = None
    queue._enqueue_job(job, pipeline=pipeline, at_front=True)  # what RQ's own registries call to requeue


def tell_of_failure(job: Job, time_out: type[BaseDeathPenalty] = Deadline) -> None:
    try:
        execute_failure_callback(job, time_out, AbandonedJobError, AbandonedJobError(), None)
    except Exception:
        log.exception("The failure callback of job %s failed", job.id)


def put_back_stray(queue: Queue, job_id: str) -> None:
    """A job taken off its queue by a worker that died before it could start it."""
    log.warning("Job %s was taken and not started: back on %s", job_id, queue.name)
    queue.connection.eval(MOVE_BACK, 3, queue.intermediate_queue_key, queue.key, Job.key_for(job_id), job_id)
