"""Overrides in RQ's worker that allow many jobs at once: job bookkeeping, the stop command and heartbeats."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ConnectionError as StoreConnectionError
from redis.exceptions import TimeoutError as StoreTimeoutError
from rq import Queue, worker_registration
from rq.callbacks import execute_stopped_callback
from rq.command import handle_command, parse_payload
from rq.executions import Execution
from rq.job import Job
from rq.suspension import WORKERS_SUSPENDED
from rq.utils import now
from rq.worker import BaseWorker, WorkerStatus

from workers.engine import dead_worker_recovery
from workers.engine.timeouts import JobTimeout

WORKER_TTL_SECONDS = 10  # how long after its last heartbeat other workers regard this one as alive
RENEWAL_SECONDS = 30.0  # within which every worker renews the records of its running jobs
MAX_CONCURRENT_FINISHES = 4  # more would only hold connections while waiting for the GIL

STORE_OUTAGE = (StoreConnectionError, StoreTimeoutError)

log = logging.getLogger(__name__)


class StoreAccess(NamedTuple):
    """The worker's clients for the store, which share a connection pool.

    `blocking` is for commands that wait in the store: one of its connections listens for RQ's commands, and `listeners`
    of them take jobs off queues.
    `isolated_processes` is how many processes for isolated jobs the store's connections allow: 1 or 3. `shrink` is
    called once this process takes no more jobs.
    """

    commands: Redis
    blocking: Redis
    listeners: int = 1
    isolated_processes: int = 1
    shrink: Callable[[], object] = lambda: None


class ConcurrentWorker(BaseWorker):
    """To RQ, a worker like any other: it uses RQ's queues, registries, results, callbacks and commands.

    A job's thread owns its execution until it has written the result, or until another thread takes over the execution
    because the job hangs.
    """

    death_penalty_class = JobTimeout
    log_result_lifespan = False

    def __init__(self, name: str, access: StoreAccess, queues: Iterable[str]):
        options: Any = {
            "worker_ttl": WORKER_TTL_SECONDS,
            "log_job_description": False,
            "serializer": dead_worker_recovery.JOB_SERIALIZER,
        }
        self.access = access
        super().__init__(list(queues), name=name, connection=access.commands, **options)
        self.queue_of = {queue.name: queue for queue in self.queues}
        self.active_job_ids: set[str] = set()  # jobs taken off a queue and not yet released
        self.owner_threads: dict[str, int] = {}  # execution id -> id of the thread that may write the result
        self.jobs_to_stop: set[str] = set()  # ids of running jobs that RQ's stop command has named
        self.finish_slots = threading.Semaphore(MAX_CONCURRENT_FINISHES)
        self.stopped_job_lock = threading.Lock()
        self.isolated_queue = Queue(
            dead_worker_recovery.ISOLATED_QUEUE,
            connection=self.connection,
            serializer=dead_worker_recovery.JOB_SERIALIZER,
        )
        self.has_isolated_jobs = self.is_suspended = False
        self.heartbeat_at = self.steady_since = time.time()  # `steady_since`: when the last store outage ended

    def _set_connection(self, connection: Redis) -> Redis:
        return connection  # without RQ's longer timeout

    def subscribe(self) -> None:
        """Subscribe as RQ does, but on a connection for blocking commands."""
        self.connection, commands = self.access.blocking, self.connection
        try:
            super().subscribe()
        finally:
            self.connection = commands

    # Job bookkeeping

    def prepare_execution(self, job: Job) -> Execution:
        """Write in one transaction what RQ writes in two: the job is always either queued or started by this worker."""
        with self.connection.pipeline() as pipeline:
            execution = Execution.create(job, self.get_heartbeat_ttl(job), pipeline, worker_name=self.name)
            pipeline.hset(execution.key, mapping=dead_worker_recovery.current_thread_ids())
            job.prepare_for_execution(self.name, pipeline)
            pipeline.persist(job.key)
            pipeline.lrem(self.queue_of[job.origin].intermediate_queue_key, 1, job.id)
            if self.get_state() != WorkerStatus.BUSY:
                self.set_state(WorkerStatus.BUSY, pipeline)
            self.executions[execution.id] = execution
            try:
                pipeline.execute()
            except BaseException:
                del self.executions[execution.id]
                raise
        return execution

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        """Do nothing: `prepare_execution` has already done this."""

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Do nothing: `send_heartbeat` sends heartbeats at intervals, with a shorter expiry than RQ's."""

    def handle_execution_ended(self, job: Job, queue: Queue, heartbeat_ttl: int) -> None:
        job.ended_at = now()  # without RQ's heartbeat: see `send_job_heartbeats`

    def procline(self, message: str) -> None:
        """Do nothing: a process title cannot name many jobs."""

    def _finalize_success(self, job: Job, queue: Queue, execution: Execution, return_value: Any) -> None:
        if self.can_finish(execution):
            super()._finalize_success(job, queue, execution, return_value)

    def _finalize_failure(self, job: Job, queue: Queue, execution: Execution, exc_info: Any) -> None:
        if issubclass(exc_info[0], STORE_OUTAGE):  # not the job's failure
            raise exc_info[1]
        if not self.can_finish(execution):
            return
        if job.id in self.jobs_to_stop:
            self.finish_stopped_job(job, queue, execution)
        else:
            super()._finalize_failure(job, queue, execution, exc_info)

    def handle_job_success(self, job: Job, queue: Queue, started_job_registry: Any, execution: Execution) -> None:
        with self.finish_slots:
            if self.owns(execution):
                super().handle_job_success(job, queue, started_job_registry, execution)

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Execution | None = None,
    ) -> None:
        with self.stopped_job_lock:  # RQ remembers only one stopped job at a time
            if execution is None or self.owns(execution):
                self._stopped_job_id = job.id if job.id in self.jobs_to_stop else None
                super().handle_job_failure(job, queue, started_job_registry, exc_string, execution)

    def owns(self, execution: Execution) -> bool:
        return self.owner_threads.get(execution.id) == threading.get_ident()

    def can_finish(self, execution: Execution) -> bool:
        """Return False if the job has been failed as hung, or requeued because this worker seemed dead.

        Asks the registry: unlike `execution.key`, its entry does not expire during a long outage of the store.
        """
        if not self.owns(execution):
            return False
        return self.connection.zscore(execution.job.started_job_registry.key, execution.composite_key) is not None

    # Stopped jobs

    def handle_payload(self, message: dict[Any, Any]) -> None:
        payload = parse_payload(message)
        if payload["command"] != "stop-job":
            return handle_command(self, payload)
        self.jobs_to_stop |= self.active_job_ids & {payload["job_id"]}  # RQ's own handler expects one running job

    def request_stop_execution(self, execution_id: str) -> None:
        if execution := self.executions.get(execution_id):
            self.jobs_to_stop.add(execution.job_id)

    def finish_stopped_job(self, job: Job, queue: Queue, execution: Execution) -> None:
        try:
            execute_stopped_callback(job, self.death_penalty_class)
        except Exception:
            log.exception("The stopped callback of job %s failed", job.id)
        self.handle_job_failure(job, queue, exc_string="Job stopped by user.", execution=execution)

    # Heartbeats

    def send_heartbeat(self) -> None:
        """Write this worker's whole record, in case the store has lost it, and extend its expiry."""
        with self.connection.pipeline() as pipeline:
            pipeline.exists(WORKERS_SUSPENDED)
            pipeline.llen(self.isolated_queue.key)
            self.set_state(self.current_state, pipeline)
            pipeline.hset(self.key, mapping=self.serialize())
            worker_registration.register(self, pipeline)
            super().heartbeat(WORKER_TTL_SECONDS, pipeline)
            suspended, isolated_jobs, *_ = pipeline.execute()
        if (at := time.time()) - self.heartbeat_at > WORKER_TTL_SECONDS:
            self.steady_since = at
        self.heartbeat_at = at
        self.is_suspended, self.has_isolated_jobs = bool(suspended), bool(isolated_jobs)

    def run_maintenance_tasks(self) -> None:
        """Do as RQ does, unless an outage of the store has just ended.

        RQ fails running jobs whose records have expired. After an outage, all workers must first have had time to renew
        the records of their jobs.
        """
        self.connection.ping()  # waits until an outage ends
        at = time.time()
        if at - self.heartbeat_at < WORKER_TTL_SECONDS and at - self.steady_since >= RENEWAL_SECONDS:
            super().run_maintenance_tasks()

    @property
    def current_state(self) -> WorkerStatus:
        if self.active_job_ids:
            return WorkerStatus.BUSY
        return WorkerStatus.SUSPENDED if self.is_suspended else WorkerStatus.IDLE

    def send_job_heartbeats(self) -> None:
        for execution in self.executions.copy().values():
            self.maintain_heartbeats(execution.job, execution)
