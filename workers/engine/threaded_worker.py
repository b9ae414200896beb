"""An RQ worker that runs each job in its own thread. Each queue has a fixed number of slots."""

import itertools
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import FrameType
from typing import Any

from rq import Queue
from rq.exceptions import DequeueTimeout
from rq.executions import Execution
from rq.job import Job
from rq.timeouts import JobTimeoutException

from workers.engine import dead_worker_recovery
from workers.engine.periodic import PeriodicTask, Scheduler, call_every
from workers.engine.rq_overrides import STORE_OUTAGE, ConcurrentWorker, StoreAccess
from workers.engine.supervisor import ALIVE, NEEDS_REPLACEMENT
from workers.engine.timeouts import JobTimeout

DRAIN_TIMEOUT_SECONDS = 20.0  # from SIGTERM until running jobs are requeued; Heroku kills the process after 30
MAX_LOST_THREADS = 4  # hung threads; with this many, the process asks the supervisor to replace it

LAST_CALL_TIMEOUT_SECONDS = 2.0  # for the periodic functions to return before the worker ends

TURN_SECONDS = 0.05  # how long one queue is read while all queues that share the connection are empty
LIVENESS_INTERVAL_SECONDS = 1.0
HEARTBEAT_INTERVAL_SECONDS = 2.0
JOB_HEARTBEAT_INTERVAL_SECONDS = 20.0  # a running job's records expire after 60 seconds or more
RECOVERY_INTERVAL_SECONDS = 2.0
SCHEDULER_INTERVAL_SECONDS = 1.0
# RQ's maintenance deletes expired results and dead workers. It also fails orphans, so recovery must be faster.
MAINTENANCE_INTERVAL_SECONDS = 60.0

log = logging.getLogger(__name__)


class ThreadedWorker(ConcurrentWorker):
    """Takes jobs from several queues at once. No queue uses the slots of another.

    An idle slot costs nothing: its thread starts when it is first needed.
    """

    def __init__(
        self,
        name: str,
        access: StoreAccess,
        slots: Mapping[str, int],
        periodic_tasks: Sequence[PeriodicTask],
        liveness_fd: int,
    ):
        """`slots` maps each queue's name to its number of concurrent jobs. The supervisor reads from `liveness_fd`."""
        super().__init__(name, access, slots)
        self.slots = {queue: threading.Semaphore(number) for queue, number in slots.items()}
        self.periodic_tasks = periodic_tasks
        self.liveness_fd = liveness_fd
        self.threads = ThreadPoolExecutor(sum(slots.values()) + 2 * MAX_LOST_THREADS, thread_name_prefix="job")
        self.lost_threads = 0
        self.shutting_down, self.stopped = threading.Event(), threading.Event()
        self.drain_until = float("inf")

    def run(self) -> None:
        """Work until `request_stop` is called, then finish the running jobs or requeue them."""
        self.bootstrap("WARNING")
        self.send_heartbeat()
        self.report_liveness()
        all_queues = [*self.slots, dead_worker_recovery.ISOLATED_QUEUE]
        scheduler = Scheduler(self.connection, all_queues, self.name)
        orphan_recovery = dead_worker_recovery.OrphanRecovery(self.connection, all_queues, self.name, self.executions)
        functions: list[tuple[float, Callable[[], object]]] = [
            (LIVENESS_INTERVAL_SECONDS, self.report_liveness),
            (HEARTBEAT_INTERVAL_SECONDS, self.send_heartbeat),
            (JOB_HEARTBEAT_INTERVAL_SECONDS, self.send_job_heartbeats),
            (RECOVERY_INTERVAL_SECONDS, orphan_recovery.run),
            (SCHEDULER_INTERVAL_SECONDS, scheduler.run),
            (MAINTENANCE_INTERVAL_SECONDS, self.run_maintenance_tasks),
            *((seconds, partial(task, self.connection)) for seconds, task in self.periodic_tasks),
        ]
        periodic = [start_thread(call_every, seconds, function, self.stopped) for seconds, function in functions]
        start_thread(self.enforce_timeouts)
        number = min(self.access.listeners, len(self.queues))
        listeners = [start_thread(self.serve_queues, self.queues[at::number]) for at in range(number)]
        self.shutting_down.wait()
        self.access.shrink()
        for listener in listeners:
            listener.join()
        self.drain()
        self.stopped.set()
        deadline = time.monotonic() + LAST_CALL_TIMEOUT_SECONDS
        for thread in periodic:  # a heartbeat that is still on its way would register this worker again
            thread.join(max(deadline - time.monotonic(), 0))
        scheduler.close()
        self.teardown()

    # Taking and running jobs

    def serve_queues(self, queues: Sequence[Queue]) -> None:
        """Start the jobs of these queues. A blocking read waits for only one queue, so several queues take turns."""
        wait_seconds = 1.0 if len(queues) == 1 else TURN_SECONDS
        for turn in itertools.cycle(queues):
            if self.shutting_down.is_set():
                return
            if self.is_suspended:
                time.sleep(0.1)
            elif len(queues) == 1 or not any([self.start_next_job(queue, 0) for queue in queues]):
                self.start_next_job(turn, wait_seconds)

    def start_next_job(self, queue: Queue, wait_seconds: float) -> bool:
        """Start the queue's next job. Returns False if there is no job, or no free slot, within this time."""
        if not self.slots[queue.name].acquire(timeout=wait_seconds):
            return False
        job = self.dequeue_job(queue, wait_seconds)
        if job is None:
            self.slots[queue.name].release()
            return False
        self.active_job_ids.add(job.id)
        self.threads.submit(self.perform, job, queue)
        return True

    def dequeue_job(self, queue: Queue, wait_seconds: float) -> Job | None:
        timeout: Any = wait_seconds or None  # RQ declares an int, but the store accepts fractions
        try:
            taken = Queue.dequeue_any([queue], timeout, connection=self.access.blocking, serializer=self.serializer)
        except DequeueTimeout:
            return None
        except Exception as error:  # no connection, or a job that cannot be deserialized
            log.warning("Cannot take a job from %s: %s: %s", queue.name, type(error).__name__, error)
            self.shutting_down.wait(1)
            return None
        if not taken:
            return None
        job, _ = taken
        if self.shutting_down.is_set():
            dead_worker_recovery.requeue_stray(queue, job.id)
            return None
        job.connection = self.connection  # instead of the one for blocking reads
        return job

    def perform(self, job: Job, queue: Queue) -> None:
        execution = None
        try:
            execution = self.prepare_execution(job)
            self.owner_threads[execution.id] = threading.get_ident()
            self.perform_job(job, queue, execution)
        except STORE_OUTAGE as error:
            log.warning("The store was not available to job %s, so the job will run again: %s", job.id, error)
            if execution:
                self.hand_back(execution)
        except Exception:
            log.exception("The result of job %s could not be written, so the job will run again", job.id)
        finally:
            self.release_job(job, execution)

    def release_job(self, job: Job, execution: Execution | None) -> None:
        if execution and self.owner_threads.pop(execution.id, None) != threading.get_ident():
            return  # the job has been failed as hung, and its slot has been released
        if execution:
            self.executions.pop(execution.id, None)
        self.jobs_to_stop.discard(job.id)
        self.active_job_ids.discard(job.id)
        self.slots[job.origin].release()

    # Ending jobs that have been stopped or take too long

    def enforce_timeouts(self) -> None:
        while not self.stopped.wait(0.1):
            for timeout in JobTimeout.running.copy():
                if timeout.job_id in self.jobs_to_stop and not timeout.tries:
                    timeout.raise_in_job("Job stopped by user")
            for timeout in JobTimeout.overdue():
                if timeout.is_lost:
                    self.abandon_hung_job(timeout)
                else:
                    timeout.raise_in_job()

    def abandon_hung_job(self, timeout: JobTimeout) -> None:
        """From another thread, fail a job whose thread does not respond to exceptions. The hung thread remains."""
        JobTimeout.running.discard(timeout)
        self.lost_threads += 1
        frame = sys._current_frames().get(timeout.thread)
        reason = timeout.reason + "; it hangs here:\n" + "".join(traceback.format_stack(frame) if frame else [])
        for execution in self.executions.copy().values():
            if execution.job_id == timeout.job_id:
                self.threads.submit(self.fail_hung_job, execution, reason)

    def fail_hung_job(self, execution: Execution, reason: str) -> None:
        job = execution.job
        queue = self.queue_of[job.origin]
        self.owner_threads[execution.id] = threading.get_ident()
        try:
            self._finalize_failure(job, queue, execution, (JobTimeoutException, JobTimeoutException(reason), None))
        except Exception:
            log.exception("The result of job %s could not be written, so the job will run again", job.id)
        finally:
            self.release_job(job, execution)

    # Reporting to the supervisor, and stopping

    def report_liveness(self) -> None:
        """Report that this process is still running Python code, and what else the supervisor should start."""
        is_worn_out = self.lost_threads >= MAX_LOST_THREADS and not self.shutting_down.is_set()
        if is_worn_out:
            self.access.shrink()  # before the replacement starts
        isolated = b"%d" % self.access.isolated_processes
        report = NEEDS_REPLACEMENT if is_worn_out else isolated if self.has_isolated_jobs else ALIVE
        try:
            os.write(self.liveness_fd, report)
        except BrokenPipeError:  # the supervisor has died, and another one may be starting
            if not self.shutting_down.is_set():
                self.request_stop(signal.SIGTERM, None)
        if is_worn_out:
            self.shutting_down.set()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Stop within DRAIN_TIMEOUT_SECONDS. A second request, at least one second later, stops it at once."""
        now = time.monotonic()
        if self.drain_until - now < DRAIN_TIMEOUT_SECONDS - 1:
            self.drain_until = now
        self.drain_until = min(self.drain_until, now + DRAIN_TIMEOUT_SECONDS)
        self.shutting_down.set()

    def drain(self) -> None:
        """Wait for the running jobs, and requeue those that do not finish in time."""
        while self.active_job_ids and time.monotonic() < self.drain_until:
            time.sleep(0.05)
        for execution in self.executions.copy().values():
            self.owner_threads.pop(execution.id, None)
            self.hand_back(execution)

    def hand_back(self, execution: Execution) -> None:
        """Requeue one of this worker's jobs that was interrupted through no fault of its own."""
        running = dead_worker_recovery.RunningJob(execution.job.origin, execution.job_id, execution.id, self.name)
        dead_worker_recovery.requeue(self.connection, running, own=True, interruptions=0)


def start_thread(function: Callable[..., object], *args: object) -> threading.Thread:
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread
