"""One RQ worker that runs many jobs at once: each in a thread, in places that are kept apart by queue."""

import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

from redis import Redis
from redis.client import Pipeline
from rq import Queue, worker_registration
from rq.callbacks import execute_stopped_callback
from rq.command import handle_command, parse_payload
from rq.exceptions import DequeueTimeout
from rq.executions import Execution
from rq.job import Job
from rq.suspension import WORKERS_SUSPENDED
from rq.timeouts import JobTimeoutException
from rq.utils import now
from rq.worker import BaseWorker, WorkerStatus

from workers.engine import periodic, recovery
from workers.engine.supervisor import ALIVE, ISOLATED_JOBS_WAIT, NEEDS_REPLACEMENT
from workers.engine.timeouts import JobTimeout
from workers.queues import CALLERS, TEXTERS, WEBHOOKS

# How many jobs of each queue one process runs at once. No queue can take another's places: callers find one however
# many webhooks wait. A place costs nothing until it is first needed.
SLOTS_PER_QUEUE = {CALLERS: 200, TEXTERS: 200, WEBHOOKS: 100}

MAX_CONCURRENT_FINISHES = (
    4  # jobs whose ends are written at the same time; more would wait for Python anyway, holding connections
)
DRAIN_TIMEOUT_SECONDS = 20.0  # seconds from SIGTERM until what still runs is handed back; Heroku kills after 30
MAX_LOST_THREADS = 4  # that no time-out can end, until this process asks to be replaced

LIVENESS_INTERVAL_SECONDS = 1.0  # seconds
HEARTBEAT_INTERVAL_SECONDS = 2.0  # seconds
WORKER_TTL_SECONDS = 10  # seconds after its last heartbeat in which others take this worker for alive
JOB_HEARTBEAT_INTERVAL_SECONDS = (
    20.0  # seconds between heartbeats for the running jobs, whose records RQ lets live for 60 and more
)
RECOVERY_INTERVAL_SECONDS = 2.0  # seconds between looks for jobs whose worker died
SCHEDULER_INTERVAL_SECONDS = 1.0  # seconds
MAINTENANCE_INTERVAL_SECONDS = 60.0  # seconds between what RQ calls maintenance: expired results, workers long gone

log = logging.getLogger(__name__)


class ThreadedWorker(BaseWorker):
    """To RQ one worker like any other: its queues, registries, results, callbacks and commands are RQ's own."""

    death_penalty_class = JobTimeout
    log_result_lifespan = False

    def __init__(self, name: str, connection: Redis, liveness_fd: int):
        """`liveness_fd`: a file descriptor that the foreman reads."""
        rules: Any = {
            "worker_ttl": WORKER_TTL_SECONDS,
            "log_job_description": False,
            "serializer": recovery.JOB_SERIALIZER,
        }
        super().__init__(list(SLOTS_PER_QUEUE), name=name, connection=connection, **rules)
        self.liveness_fd = liveness_fd
        self.queue_of = {queue.name: queue for queue in self.queues}
        self.slots = {queue: threading.Semaphore(number) for queue, number in SLOTS_PER_QUEUE.items()}
        self.threads = ThreadPoolExecutor(
            sum(SLOTS_PER_QUEUE.values()) + 2 * MAX_LOST_THREADS, thread_name_prefix="job"
        )
        self.active_job_ids: set[str] = set()  # ids of the jobs taken and not yet let go
        self.owner_threads: dict[str, int] = {}  # execution id: the thread that may write how it ended
        self.jobs_to_stop: set[str] = set()  # ids of running jobs that someone asked to stop
        self.finish_slots = threading.Semaphore(MAX_CONCURRENT_FINISHES)
        self.stopped_job_lock = threading.Lock()
        self.lost_threads = 0
        self.isolated_queue = Queue(recovery.ISOLATED_QUEUE, connection=connection, serializer=recovery.JOB_SERIALIZER)
        self.has_isolated_jobs = self.is_suspended = False
        self.shutting_down, self.stopped = threading.Event(), threading.Event()
        self.drain_until = float("inf")

    def run(self) -> None:
        """Work until told to leave; then finish what runs, or hand it back."""
        self.bootstrap("WARNING")
        self.send_heartbeat()
        self.report_liveness()
        everything = [*SLOTS_PER_QUEUE, recovery.ISOLATED_QUEUE]
        scheduler = periodic.Scheduler(self.connection, everything, self.name)
        search = recovery.OrphanRecovery(self.connection, everything, self.name, self.executions)
        beside: list[tuple[float, Callable[[], object]]] = [
            (LIVENESS_INTERVAL_SECONDS, self.report_liveness),
            (HEARTBEAT_INTERVAL_SECONDS, self.send_heartbeat),
            (JOB_HEARTBEAT_INTERVAL_SECONDS, self.send_job_heartbeats),
            (RECOVERY_INTERVAL_SECONDS, search),
            (SCHEDULER_INTERVAL_SECONDS, scheduler),
            (
                MAINTENANCE_INTERVAL_SECONDS,
                self.run_maintenance_tasks,
            ),  # not earlier: RQ would fail what the search puts back
            *periodic.bind_functions(self.connection),
        ]
        for seconds, chore in beside:
            start_thread(periodic.call_every, seconds, chore, self.stopped)
        start_thread(self.enforce_timeouts)
        listeners = [start_thread(self.serve_queue, queue) for queue in self.queues]
        self.shutting_down.wait()
        for listener in listeners:
            listener.join()
        self.drain()
        self.stopped.set()
        scheduler.close()
        self.teardown()

    # Jobs come

    def serve_queue(self, queue: Queue) -> None:
        while not self.shutting_down.is_set():
            if self.is_suspended:
                time.sleep(0.1)
            elif self.slots[queue.name].acquire(timeout=1):
                self.start_next_job(queue)

    def start_next_job(self, queue: Queue) -> None:
        """The queue's next job, for which there is a place."""
        if job := self.dequeue_job(queue):
            self.active_job_ids.add(job.id)
            self.threads.submit(self.perform, job, queue)
        else:
            self.slots[queue.name].release()

    def dequeue_job(self, queue: Queue) -> Job | None:
        try:
            taken = Queue.dequeue_any([queue], 1, connection=self.connection, serializer=self.serializer)
        except DequeueTimeout:
            return None
        except Exception as error:  # no connection, or a job that cannot be read; the next one may be fine
            log.warning("Cannot take a job from %s: %s: %s", queue.name, type(error).__name__, error)
            self.shutting_down.wait(1)
            return None
        if taken and self.shutting_down.is_set():
            recovery.requeue_stray(queue, taken[0].id)
            return None
        return taken[0] if taken else None

    def perform(self, job: Job, queue: Queue) -> None:
        execution = None
        try:
            execution = self.prepare_execution(job)
            self.owner_threads[execution.id] = threading.get_ident()
            self.perform_job(job, queue, execution)
        except Exception:
            log.exception("Job %s: what became of it could not be written, so it will run again", job.id)
        finally:
            self.release_job(job, execution)

    def release_job(self, job: Job, execution: Execution | None) -> None:
        if execution and self.owner_threads.pop(execution.id, None) != threading.get_ident():
            return  # it hung here, was given up, and its place is free already
        if execution:
            self.executions.pop(execution.id, None)
        self.jobs_to_stop.discard(job.id)
        self.active_job_ids.discard(job.id)
        self.slots[job.origin].release()

    # What RQ's worker does around a job, made fit for many at once

    def prepare_execution(self, job: Job) -> Execution:
        """What RQ writes in two steps, in one: a job is either still to be taken or wholly ours."""
        with self.connection.pipeline() as pipeline:
            execution = Execution.create(job, self.get_heartbeat_ttl(job), pipeline, worker_name=self.name)
            pipeline.hset(execution.key, mapping=recovery.current_thread_ids())
            job.prepare_for_execution(self.name, pipeline)
            pipeline.persist(job.key)
            pipeline.lrem(self.queue_of[job.origin].intermediate_queue_key, 1, job.id)
            if self.get_state() != WorkerStatus.BUSY:
                self.set_state(WorkerStatus.BUSY, pipeline)
            self.executions[execution.id] = execution
            pipeline.execute()
        return execution

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        """Done in `prepare_execution`."""

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Not with each job, and not for as long as RQ would have it: see `beat`."""

    def handle_execution_ended(self, job: Job, queue: Queue, heartbeat_ttl: int) -> None:
        job.ended_at = now()  # without RQ's heartbeat: see `renew`

    def procline(self, message: str) -> None:
        """There is one process title, and there are many jobs."""

    def _finalize_success(self, job: Job, queue: Queue, execution: Execution, return_value: Any) -> None:
        if self.can_finish(execution):
            super()._finalize_success(job, queue, execution, return_value)

    def _finalize_failure(self, job: Job, queue: Queue, execution: Execution, exc_info: Any) -> None:
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
        with self.stopped_job_lock:  # RQ remembers one stopped job at a time
            if execution is None or self.owns(execution):
                self._stopped_job_id = job.id if job.id in self.jobs_to_stop else None
                super().handle_job_failure(job, queue, started_job_registry, exc_string, execution)

    def owns(self, execution: Execution) -> bool:
        return self.owner_threads.get(execution.id) == threading.get_ident()

    def can_finish(self, execution: Execution) -> bool:
        """False when the job was given up here as hung, or was put back because we seemed dead."""
        return self.owns(execution) and bool(self.connection.exists(execution.key))

    # Jobs that must end

    def handle_payload(self, message: dict[Any, Any]) -> None:
        payload = parse_payload(message)
        if payload["command"] != "stop-job":
            return handle_command(self, payload)
        self.jobs_to_stop |= self.active_job_ids & {payload["job_id"]}  # RQ's own looks at one running job only

    def request_stop_execution(self, execution_id: str) -> None:
        if execution := self.executions.get(execution_id):
            self.jobs_to_stop.add(execution.job_id)

    def finish_stopped_job(self, job: Job, queue: Queue, execution: Execution) -> None:
        try:
            execute_stopped_callback(job, self.death_penalty_class)
        except Exception:
            log.exception("The stopped callback of job %s failed", job.id)
        self.handle_job_failure(job, queue, exc_string="Job stopped by user.", execution=execution)

    def enforce_timeouts(self) -> None:
        while not self.stopped.wait(0.1):
            for deadline in JobTimeout.running.copy():
                if deadline.job_id in self.jobs_to_stop and not deadline.tries:
                    deadline.raise_in_job("Job stopped by user")
            for deadline in JobTimeout.overdue():
                if deadline.is_lost:
                    self.abandon_hung_job(deadline)
                else:
                    deadline.raise_in_job()

    def abandon_hung_job(self, deadline: JobTimeout) -> None:
        """Its thread hangs where no exception reaches it. Leave it the thread, and write its end without it."""
        JobTimeout.running.discard(deadline)
        self.lost_threads += 1
        frame = sys._current_frames().get(deadline.thread)
        reason = deadline.reason + "; it hangs here:\n" + "".join(traceback.format_stack(frame) if frame else [])
        for execution in self.executions.copy().values():
            if execution.job_id == deadline.job_id:
                self.threads.submit(self.fail_hung_job, execution, reason)

    def fail_hung_job(self, execution: Execution, reason: str) -> None:
        job = execution.job
        queue = self.queue_of[job.origin]
        self.owner_threads[execution.id] = threading.get_ident()
        try:
            self._finalize_failure(job, queue, execution, (JobTimeoutException, JobTimeoutException(reason), None))
        except Exception:
            log.exception("Job %s: what became of it could not be written, so it will run again", job.id)
        finally:
            self.release_job(job, execution)

    # What others see of this worker

    def report_liveness(self) -> None:
        """For the foreman: that Python still runs here, and what there is to do."""
        is_worn_out = self.lost_threads >= MAX_LOST_THREADS and not self.shutting_down.is_set()
        try:
            os.write(
                self.liveness_fd,
                NEEDS_REPLACEMENT if is_worn_out else ISOLATED_JOBS_WAIT if self.has_isolated_jobs else ALIVE,
            )
        except BrokenPipeError:  # the foreman died; another one may be starting
            if not self.shutting_down.is_set():
                self.request_stop(signal.SIGTERM, None)
        if is_worn_out:
            self.shutting_down.set()

    def send_heartbeat(self) -> None:
        """For other workers and for `rq info`. It also writes again what was lost with the store."""
        with self.connection.pipeline() as pipeline:
            pipeline.exists(WORKERS_SUSPENDED)
            pipeline.llen(self.isolated_queue.key)
            self.set_state(self.current_state, pipeline)
            pipeline.hset(self.key, mapping=self.serialize())
            worker_registration.register(self, pipeline)
            super().heartbeat(WORKER_TTL_SECONDS, pipeline)
            suspended, jobs_wait_alone, *_ = pipeline.execute()
        self.is_suspended, self.has_isolated_jobs = bool(suspended), bool(jobs_wait_alone)

    @property
    def current_state(self) -> WorkerStatus:
        if self.active_job_ids:
            return WorkerStatus.BUSY
        return WorkerStatus.SUSPENDED if self.is_suspended else WorkerStatus.IDLE

    def send_job_heartbeats(self) -> None:
        for execution in self.executions.copy().values():
            self.maintain_heartbeats(execution.job, execution)

    # Leaving

    def drain(self) -> None:
        while self.active_job_ids and time.monotonic() < self.drain_until:
            time.sleep(0.05)
        for execution in self.executions.copy().values():
            self.owner_threads.pop(execution.id, None)
            running = recovery.RunningJob(execution.job.origin, execution.job_id, execution.id, self.name)
            recovery.requeue(self.connection, running, own=True, interruptions=0)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Leave within LEAVE_WITHIN seconds; asked once more, a second or more later, leave at once."""
        now = time.monotonic()
        if self.drain_until - now < DRAIN_TIMEOUT_SECONDS - 1:
            self.drain_until = now
        self.drain_until = min(self.drain_until, now + DRAIN_TIMEOUT_SECONDS)
        self.shutting_down.set()


def start_thread(function: Callable[..., object], *args: object) -> threading.Thread:
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread
