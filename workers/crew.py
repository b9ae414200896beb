"""One RQ worker that runs many jobs at once: each in a thread, in places that are kept apart by queue."""

import argparse
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any, NoReturn

from redis import BlockingConnectionPool, ConnectionPool, Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, Worker, worker_registration
from rq.callbacks import execute_stopped_callback
from rq.command import handle_command, parse_payload
from rq.exceptions import DequeueTimeout
from rq.executions import Execution
from rq.job import Job
from rq.registry import BaseRegistry
from rq.suspension import WORKERS_SUSPENDED
from rq.timeouts import JobTimeoutException
from rq.utils import now
from rq.worker import BaseWorker, WorkerStatus

import config
from masking import MaskedNumbers
from workers import chores, orphans
from workers.deadlines import Deadline
from workers.worker import ALIVE, JOBS_ALONE, MISCONFIGURED, WORN_OUT

# How many jobs of each queue one process runs at once. No queue can take another's places: callers find one however
# many webhooks wait. A place costs nothing until it is first needed.
PLACES = {"callers": 200, "texters": 200, "webhooks": 100}

CONNECTIONS = 16  # to Redis, for all threads together: hosted stores count them, Heroku's smallest allows 20
ABREAST = int(
    os.environ.get("AB", "4")
)  # jobs whose ends are written at the same time; more would wait for Python anyway, holding connections

SEARCH_EVERY = 2.0  # seconds between looks for jobs whose worker died
HEARTBEAT_EVERY = 2.0  # seconds
ALIVE_FOR = 10  # seconds after its last heartbeat in which others take this worker for alive
RENEW_EVERY = 20.0  # seconds between heartbeats for the running jobs, whose records RQ lets live for 60 and more
LEAVE_WITHIN = 20.0  # seconds from SIGTERM until what still runs is handed back; Heroku kills after 30
SWITCH_EVERY = float(
    os.environ.get("SW", "0.0005")
)  # seconds Python lets one busy thread run while others wait; ten times less than its default
LOST_THREADS = 4  # that no time-out can end, until this process asks to be replaced

log = logging.getLogger(__name__)


class Crew(BaseWorker):
    """In RQ's eyes one worker; its queues, registries, results, callbacks and commands are RQ's."""

    death_penalty_class = Deadline
    log_result_lifespan = False

    def __init__(self, name: str, connection: Redis, pulse: int):
        super().__init__(
            list(PLACES),
            name=name,
            connection=connection,
            worker_ttl=ALIVE_FOR,
            log_job_description=False,
            serializer=orphans.JOBS_ARE,
        )
        self.pulse = pulse
        self.places = {queue: threading.Semaphore(number) for queue, number in PLACES.items()}
        self.threads = ThreadPoolExecutor(sum(PLACES.values()) + LOST_THREADS, thread_name_prefix="job")
        self.abreast = threading.Semaphore(ABREAST)
        self.failing = threading.Lock()
        self.owners: dict[str, int] = {}  # execution id: the thread that may say how it ended
        self.stopping: set[str] = set()  # ids of running jobs that someone asked to stop
        self.alone = Queue(orphans.ALONE, connection=connection, serializer=orphans.JOBS_ARE)
        self.jobs_alone = False
        self.lost = 0
        self.suspended = False
        self.leaving = threading.Event()
        self.gone = threading.Event()
        self.leave_by = float("inf")

    def run(self) -> None:
        """Work until told to leave, then end or hand back what is running."""
        self.bootstrap("WARNING")
        listeners = [self.start(self.listen, queue) for queue in self.queues]
        self.start(self.enforce_deadlines)
        self.start(self.repeat, 1, self.show_pulse)
        self.start(self.repeat, HEARTBEAT_EVERY, self.beat)
        self.start(self.repeat, RENEW_EVERY, self.renew)
        search = orphans.Search(self.connection, [*PLACES, orphans.ALONE], self.name, self.executions)
        self.start(self.repeat, SEARCH_EVERY, search)
        for seconds, chore in CHORES:
            self.start(self.repeat, seconds, partial(chore, self.connection))
        self.leaving.wait()
        for listener in listeners:
            listener.join()
        self.leave()
        self.gone.set()
        self.teardown()

    def start(self, function: Callable[..., object], *args: object) -> threading.Thread:
        thread = threading.Thread(target=function, args=args, daemon=True)
        thread.start()
        return thread

    # Taking jobs

    def listen(self, queue: Queue) -> None:
        places = self.places[queue.name]
        while not self.leaving.is_set():
            if self.suspended:
                time.sleep(0.1)
            elif places.acquire(timeout=1):
                job = self.next_job(queue)
                if job:
                    self.threads.submit(self.perform, job, queue)
                else:
                    places.release()

    def next_job(self, queue: Queue) -> Job | None:
        try:
            job, _ = Queue.dequeue_any([queue], 1, connection=self.connection, serializer=orphans.JOBS_ARE) or (
                None,
                None,
            )
        except DequeueTimeout:
            return None
        except RedisError as error:
            log.warning("Cannot take jobs from %s: %s", queue.name, error)
            self.leaving.wait(1)
            return None
        if job and self.leaving.is_set():
            orphans.put_back_stray(queue, job.id)
            return None
        return job

    def perform(self, job: Job, queue: Queue) -> None:
        execution = None
        try:
            execution = self.prepare_execution(job)
            self.owners[execution.id] = threading.get_ident()
            self.perform_job(job, queue, execution)
        except Exception:
            log.exception("Job %s: its end could not be written, so it will run again", job.id)
        finally:
            self.let_go(job, queue, execution)

    def let_go(self, job: Job, queue: Queue, execution: Execution | None) -> None:
        if execution and self.owners.pop(execution.id, None) != threading.get_ident():
            return  # it took too long, and its place has been given up already
        if execution:
            self.executions.pop(execution.id, None)
        self.stopping.discard(job.id)
        self.places[queue.name].release()

    # What RQ's worker does once per job, made fit for many at once

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        super().prepare_job_execution(job, remove_from_intermediate_queue=True)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Not for each job, and not for as long as RQ would like: see `beat`."""

    def handle_execution_ended(self, job: Job, queue: Queue, heartbeat_ttl: int) -> None:
        job.ended_at = now()  # RQ's own adds a heartbeat: see `renew`

    def procline(self, message: str) -> None:
        """No: many jobs, one process title."""

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
        with self.failing:  # RQ has room for one stopped job
            if execution is None or self.owns(execution):
                self._stopped_job_id = job.id if job.id in self.stopping else None
                super().handle_job_failure(job, queue, started_job_registry, exc_string, execution)

    def owns(self, execution: Execution) -> bool:
        return self.owners.get(execution.id) == threading.get_ident()

    def may_end(self, execution: Execution) -> bool:
        """False when the job was given up here as hung, or put back elsewhere because we seemed dead."""
        return self.owns(execution) and bool(self.connection.exists(execution.key))

    # Ending jobs early

    def handle_payload(self, message: dict[Any, Any]) -> None:
        payload = parse_payload(message)
        if payload["command"] == "stop-job":  # RQ's own looks at one running job only
            running = [execution.id for execution in self.executions.copy().values()]
            for execution_id in running:
                if self.executions[execution_id].job_id == payload["job_id"]:
                    self.request_stop_execution(execution_id)
        else:
            handle_command(self, payload)

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
        """Its thread hangs where no exception reaches it: leave it the thread, and write its end without it."""
        Deadline.running.discard(deadline)
        self.lost += 1
        frame = sys._current_frames().get(deadline.thread)
        stack = "".join(traceback.format_stack(frame)) if frame else ""
        for execution in self.executions.copy().values():
            if execution.job_id == deadline.job_id:
                self.threads.submit(self.end_hung, execution, f"{deadline.reason}; it hangs here:\n{stack}")

    def end_hung(self, execution: Execution, reason: str) -> None:
        job = execution.job
        queue = next(queue for queue in self.queues if queue.name == job.origin)
        self.owners[execution.id] = threading.get_ident()
        try:
            self._finalize_failure(job, queue, execution, (JobTimeoutException, JobTimeoutException(reason), None))
        except Exception:
            log.exception("Job %s: its end could not be written, so it will run again", job.id)
        finally:
            self.let_go(job, queue, execution)

    # Staying alive in others' eyes

    def show_pulse(self) -> None:
        said = WORN_OUT if self.lost >= LOST_THREADS else JOBS_ALONE if self.jobs_alone else ALIVE
        try:
            os.write(self.pulse, said)
        except BrokenPipeError:  # the foreman has died, and another may be starting
            self.request_stop(signal.SIGTERM, None)
        if said == WORN_OUT:
            self.lost = -(10**6)
            self.leaving.set()

    def repeat(self, seconds: float, function: Callable[[], object]) -> None:
        while not self.gone.wait(seconds):
            try:
                function()
            except Exception:
                log.exception("%s failed, and is tried again in %d seconds", function, seconds)

    def beat(self) -> None:
        with self.connection.pipeline() as pipeline:
            pipeline.exists(WORKERS_SUSPENDED)
            pipeline.llen(self.alone.key)
            self.set_state(self.what_it_does(), pipeline)
            pipeline.hset(self.key, mapping=self.serialize())
            worker_registration.register(self, pipeline)
            super().heartbeat(ALIVE_FOR, pipeline)
            suspended, jobs_alone, *_ = pipeline.execute()
        self.suspended, self.jobs_alone = bool(suspended), bool(jobs_alone)

    def what_it_does(self) -> WorkerStatus:
        if self.executions:
            return WorkerStatus.BUSY
        return WorkerStatus.SUSPENDED if self.suspended else WorkerStatus.IDLE

    def renew(self) -> None:
        for execution in self.executions.copy().values():
            self.maintain_heartbeats(execution.job, execution)

    # Leaving

    def leave(self) -> None:
        while self.executions and time.monotonic() < self.leave_by:
            time.sleep(0.05)
        for execution in self.executions.copy().values():
            self.owners.pop(execution.id, None)
            running = orphans.Running(execution.job.origin, execution.job_id, execution.id, self.name)
            orphans.put_back(self.connection, running, handed_over=True)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Leave within LEAVE_WITHIN seconds; asked again a second or more later, at once."""
        now = time.monotonic()
        if self.leave_by - now < LEAVE_WITHIN - 1:
            self.leave_by = now
        self.leave_by = min(self.leave_by, now + LEAVE_WITHIN)
        self.leaving.set()


def connect() -> Redis:
    """The store, through a few connections that all threads share, and wait for."""
    pool = config.connect(settings()).connection_pool
    if type(pool) is not ConnectionPool:
        return Redis(connection_pool=pool)  # Sentinel's, or another that knows better
    shared = BlockingConnectionPool(CONNECTIONS, connection_class=pool.connection_class, **pool.connection_kwargs)
    return Redis(connection_pool=shared)


def settings() -> config.Settings:
    try:
        return config.load()
    except config.MissingSetting as missing:
        print(missing, file=sys.stderr)
        sys.exit(MISCONFIGURED)


def work_alone() -> NoReturn:
    """RQ's own worker, which makes a process for each job."""
    Worker([orphans.ALONE], connection=connect(), serializer=orphans.JOBS_ARE).work(burst=True, logging_level="WARNING")
    sys.exit()


def main() -> None:
    """The process that the foreman starts. Ends at once when told to, or when the foreman has died."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger().handlers[0].addFilter(MaskedNumbers())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", help="this worker's name in RQ")
    parser.add_argument("--pulse", type=int, help="where to write a byte each second")
    parser.add_argument("--after", help="a worker that has just died: put its jobs back first")
    parser.add_argument("--alone", action="store_true", help="run what waits on the queue `alone`, then end")
    options = parser.parse_args()
    if options.alone:
        work_alone()
    sys.setswitchinterval(SWITCH_EVERY)
    # RQ's registries have an alarm here, which only a process's first thread can set.
    BaseRegistry.death_penalty_class = Deadline  # type: ignore[assignment]
    crew = Crew(options.name, connect(), options.pulse)
    signal.signal(signal.SIGTERM, crew.request_stop)
    signal.signal(signal.SIGINT, crew.request_stop)
    if options.after:
        orphans.bury(crew.connection, PLACES, options.after)
    crew.run()
    logging.shutdown()
    os._exit(0)  # a thread that hangs would hold us here


if __name__ == "__main__":
    main()
