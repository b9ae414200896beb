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
from workers.engine.supervisor import ALIVE, JOBS_ALONE, WORN_OUT
from workers.engine.timeouts import Deadline
from workers.queues import CALLERS, TEXTERS, WEBHOOKS

# How many jobs of each queue one process runs at once. No queue can take another's places: callers find one however
# many webhooks wait. A place costs nothing until it is first needed.
PLACES = {CALLERS: 200, TEXTERS: 200, WEBHOOKS: 100}

ABREAST = 4  # jobs whose ends are written at the same time; more would wait for Python anyway, holding connections
LEAVE_WITHIN = 20.0  # seconds from SIGTERM until what still runs is handed back; Heroku kills after 30
LOST_THREADS = 4  # that no time-out can end, until this process asks to be replaced

PULSE_EVERY = 1.0  # seconds
HEARTBEAT_EVERY = 2.0  # seconds
ALIVE_FOR = 10  # seconds after its last heartbeat in which others take this worker for alive
RENEW_EVERY = 20.0  # seconds between heartbeats for the running jobs, whose records RQ lets live for 60 and more
SEARCH_EVERY = 2.0  # seconds between looks for jobs whose worker died
SCHEDULE_EVERY = 1.0  # seconds
MAINTAIN_EVERY = 60.0  # seconds between what RQ calls maintenance: expired results, workers long gone

log = logging.getLogger(__name__)


class Crew(BaseWorker):
    """To RQ one worker like any other: its queues, registries, results, callbacks and commands are RQ's own."""

    death_penalty_class = Deadline
    log_result_lifespan = False

    def __init__(self, name: str, connection: Redis, pulse: int):
        """`pulse`: a file descriptor that the foreman reads."""
        rules: Any = {"worker_ttl": ALIVE_FOR, "log_job_description": False, "serializer": recovery.JOBS_ARE}
        super().__init__(list(PLACES), name=name, connection=connection, **rules)
        self.pulse = pulse
        self.queue_of = {queue.name: queue for queue in self.queues}
        self.places = {queue: threading.Semaphore(number) for queue, number in PLACES.items()}
        self.threads = ThreadPoolExecutor(sum(PLACES.values()) + 2 * LOST_THREADS, thread_name_prefix="job")
        self.at_work: set[str] = set()  # ids of the jobs taken and not yet let go
        self.owners: dict[str, int] = {}  # execution id: the thread that may write how it ended
        self.stopping: set[str] = set()  # ids of running jobs that someone asked to stop
        self.abreast = threading.Semaphore(ABREAST)
        self.failing = threading.Lock()
        self.lost = 0
        self.alone = Queue(recovery.ALONE, connection=connection, serializer=recovery.JOBS_ARE)
        self.jobs_wait_alone = self.is_suspended = False
        self.leaving, self.gone = threading.Event(), threading.Event()
        self.leave_by = float("inf")

    def run(self) -> None:
        """Work until told to leave; then finish what runs, or hand it back."""
        self.bootstrap("WARNING")
        self.beat()
        self.show_pulse()
        everything = [*PLACES, recovery.ALONE]
        scheduler = periodic.Scheduler(self.connection, everything, self.name)
        search = recovery.Search(self.connection, everything, self.name, self.executions)
        beside: list[tuple[float, Callable[[], object]]] = [
            (PULSE_EVERY, self.show_pulse),
            (HEARTBEAT_EVERY, self.beat),
            (RENEW_EVERY, self.renew),
            (SEARCH_EVERY, search),
            (SCHEDULE_EVERY, scheduler),
            (MAINTAIN_EVERY, self.run_maintenance_tasks),  # not earlier: RQ would fail what the search puts back
            *periodic.ours(self.connection),
        ]
        for seconds, chore in beside:
            start(periodic.repeat, seconds, chore, self.gone)
        start(self.enforce_deadlines)
        listeners = [start(self.listen, queue) for queue in self.queues]
        self.leaving.wait()
        for listener in listeners:
            listener.join()
        self.finish_or_hand_back()
        self.gone.set()
        scheduler.close()
        self.teardown()

    # Jobs come

    def listen(self, queue: Queue) -> None:
        while not self.leaving.is_set():
            if self.is_suspended:
                time.sleep(0.1)
            elif self.places[queue.name].acquire(timeout=1):
                self.take(queue)

    def take(self, queue: Queue) -> None:
        """The queue's next job, for which there is a place."""
        if job := self.next_job(queue):
            self.at_work.add(job.id)
            self.threads.submit(self.perform, job, queue)
        else:
            self.places[queue.name].release()

    def next_job(self, queue: Queue) -> Job | None:
        try:
            taken = Queue.dequeue_any([queue], 1, connection=self.connection, serializer=self.serializer)
        except DequeueTimeout:
            return None
        except Exception as error:  # no connection, or a job that cannot be read; the next one may be fine
            log.warning("Cannot take a job from %s: %s: %s", queue.name, type(error).__name__, error)
            self.leaving.wait(1)
            return None
        if taken and self.leaving.is_set():
            recovery.put_back_stray(queue, taken[0].id)
            return None
        return taken[0] if taken else None

    def perform(self, job: Job, queue: Queue) -> None:
        execution = None
        try:
            execution = self.prepare_execution(job)
            self.owners[execution.id] = threading.get_ident()
            self.perform_job(job, queue, execution)
        except Exception:
            log.exception("Job %s: what became of it could not be written, so it will run again", job.id)
        finally:
            self.let_go(job, execution)

    def let_go(self, job: Job, execution: Execution | None) -> None:
        if execution and self.owners.pop(execution.id, None) != threading.get_ident():
            return  # it hung here, was given up, and its place is free already
        if execution:
            self.executions.pop(execution.id, None)
        self.stopping.discard(job.id)
        self.at_work.discard(job.id)
        self.places[job.origin].release()

    # What RQ's worker does around a job, made fit for many at once

    def prepare_execution(self, job: Job) -> Execution:
        """What RQ writes in two steps, in one: a job is either still to be taken or wholly ours."""
        with self.connection.pipeline() as pipeline:
            execution = Execution.create(job, self.get_heartbeat_ttl(job), pipeline, worker_name=self.name)
            pipeline.hset(execution.key, mapping=recovery.this_thread())
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
        if self.may_end(execution):
            super()._finalize_success(job, queue, execution, return_value)

    def _finalize_failure(self, job: Job, queue: Queue, execution: Execution, exc_info: Any) -> None:
        if not self.may_end(execution):
            return
        if job.id in self.stopping:
            self.end_stopped(job, queue, execution)
        else:
            super()._finalize_failure(job, queue, execution, exc_info)

    def handle_job_success(self, job: Job, queue: Queue, started_job_registry: Any, execution: Execution) -> None:
        with self.abreast:
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
        with self.failing:  # RQ remembers one stopped job at a time
            if execution is None or self.owns(execution):
                self._stopped_job_id = job.id if job.id in self.stopping else None
                super().handle_job_failure(job, queue, started_job_registry, exc_string, execution)

    def owns(self, execution: Execution) -> bool:
        return self.owners.get(execution.id) == threading.get_ident()

    def may_end(self, execution: Execution) -> bool:
        """False when the job was given up here as hung, or was put back because we seemed dead."""
        return self.owns(execution) and bool(self.connection.exists(execution.key))

    # Jobs that must end

    def handle_payload(self, message: dict[Any, Any]) -> None:
        payload = parse_payload(message)
        if payload["command"] != "stop-job":
            return handle_command(self, payload)
        self.stopping |= self.at_work & {payload["job_id"]}  # RQ's own looks at one running job only

    def request_stop_execution(self, execution_id: str) -> None:
        if execution := self.executions.get(execution_id):
            self.stopping.add(execution.job_id)

    def end_stopped(self, job: Job, queue: Queue, execution: Execution) -> None:
        try:
            execute_stopped_callback(job, self.death_penalty_class)
        except Exception:
            log.exception("The stopped callback of job %s failed", job.id)
        self.handle_job_failure(job, queue, exc_string="Job stopped by user.", execution=execution)

    def enforce_deadlines(self) -> None:
        while not self.gone.wait(0.1):
            for deadline in Deadline.running.copy():
                if deadline.job_id in self.stopping and not deadline.tries:
                    deadline.end("Job stopped by user")
            for deadline in Deadline.overdue():
                if deadline.is_lost:
                    self.give_up(deadline)
                else:
                    deadline.end()

    def give_up(self, deadline: Deadline) -> None:
        """Its thread hangs where no exception reaches it. Leave it the thread, and write its end without it."""
        Deadline.running.discard(deadline)
        self.lost += 1
        frame = sys._current_frames().get(deadline.thread)
        reason = deadline.reason + "; it hangs here:\n" + "".join(traceback.format_stack(frame) if frame else [])
        for execution in self.executions.copy().values():
            if execution.job_id == deadline.job_id:
                self.threads.submit(self.end_hung, execution, reason)

    def end_hung(self, execution: Execution, reason: str) -> None:
        job = execution.job
        queue = self.queue_of[job.origin]
        self.owners[execution.id] = threading.get_ident()
        try:
            self._finalize_failure(job, queue, execution, (JobTimeoutException, JobTimeoutException(reason), None))
        except Exception:
            log.exception("Job %s: what became of it could not be written, so it will run again", job.id)
        finally:
            self.let_go(job, execution)

    # What others see of this worker

    def show_pulse(self) -> None:
        """For the foreman: that Python still runs here, and what there is to do."""
        is_worn_out = self.lost >= LOST_THREADS and not self.leaving.is_set()
        try:
            os.write(self.pulse, WORN_OUT if is_worn_out else JOBS_ALONE if self.jobs_wait_alone else ALIVE)
        except BrokenPipeError:  # the foreman died; another one may be starting
            if not self.leaving.is_set():
                self.request_stop(signal.SIGTERM, None)
        if is_worn_out:
            self.leaving.set()

    def beat(self) -> None:
        """For other workers and for `rq info`. It also writes again what was lost with the store."""
        with self.connection.pipeline() as pipeline:
            pipeline.exists(WORKERS_SUSPENDED)
            pipeline.llen(self.alone.key)
            self.set_state(self.what_it_does, pipeline)
            pipeline.hset(self.key, mapping=self.serialize())
            worker_registration.register(self, pipeline)
            super().heartbeat(ALIVE_FOR, pipeline)
            suspended, jobs_wait_alone, *_ = pipeline.execute()
        self.is_suspended, self.jobs_wait_alone = bool(suspended), bool(jobs_wait_alone)

    @property
    def what_it_does(self) -> WorkerStatus:
        if self.at_work:
            return WorkerStatus.BUSY
        return WorkerStatus.SUSPENDED if self.is_suspended else WorkerStatus.IDLE

    def renew(self) -> None:
        for execution in self.executions.copy().values():
            self.maintain_heartbeats(execution.job, execution)

    # Leaving

    def finish_or_hand_back(self) -> None:
        while self.at_work and time.monotonic() < self.leave_by:
            time.sleep(0.05)
        for execution in self.executions.copy().values():
            self.owners.pop(execution.id, None)
            running = recovery.Running(execution.job.origin, execution.job_id, execution.id, self.name)
            recovery.put_back(self.connection, running, own=True, interruptions=0)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Leave within LEAVE_WITHIN seconds; asked once more, a second or more later, leave at once."""
        now = time.monotonic()
        if self.leave_by - now < LEAVE_WITHIN - 1:
            self.leave_by = now
        self.leave_by = min(self.leave_by, now + LEAVE_WITHIN)
        self.leaving.set()


def start(function: Callable[..., object], *args: object) -> threading.Thread:
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread
