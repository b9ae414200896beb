"""The process that the supervisor starts: a threaded worker, or RQ's own worker for isolated jobs."""

import argparse
import faulthandler
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from redis import Redis
from rq import Worker
from rq.job import Job
from rq.registry import BaseRegistry
from rq.timeouts import UnixSignalDeathPenalty

from workers.engine import dead_worker_recovery
from workers.engine.periodic import PeriodicTask
from workers.engine.rq_overrides import StoreAccess
from workers.engine.threaded_worker import ThreadedWorker
from workers.engine.timeouts import JobTimeout

SWITCH_INTERVAL_SECONDS = 0.0005  # between busy threads that share the GIL; a tenth of Python's default


def main(
    connect: Callable[[bool], StoreAccess], slots: Mapping[str, int], periodic_tasks: Sequence[PeriodicTask]
) -> NoReturn:
    """Run jobs according to the supervisor's options, then exit.

    `connect` is called with True if this process is for isolated jobs. `slots` maps each queue's name to the number of
    its jobs that may run at once.
    """
    options = _parse_options()
    access = connect(bool(options.isolated))
    if options.isolated:
        run_isolated_jobs(access.commands)
    else:
        faulthandler.enable(options.crash_log_fd)
        worker = ThreadedWorker(options.name, access, slots, periodic_tasks, options.liveness_fd)
        run_worker(worker, options.replaces, options.suspect_thread)
    logging.shutdown()
    os._exit(0)  # sys.exit would wait for hung threads


def run_worker(worker: ThreadedWorker, replaces: str, suspect_thread: str) -> None:
    """Requeue the jobs of `replaces`, a worker that has just died, if any; then run until SIGTERM or SIGINT."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    # RQ's registries also run failure callbacks. Their default timeout, a signal, works only in the main thread.
    BaseRegistry.death_penalty_class = JobTimeout  # type: ignore[assignment]
    signal.signal(signal.SIGTERM, worker.request_stop)
    signal.signal(signal.SIGINT, worker.request_stop)
    if replaces:
        dead_worker_recovery.requeue_dead_worker(worker.connection, worker.slots, replaces, suspect_thread)
    worker.run()


def run_isolated_jobs(connection: Redis) -> None:
    """Run the isolated queue's jobs, each in its own process, as RQ's default worker does."""
    options: Any = {"serializer": dead_worker_recovery.JOB_SERIALIZER, "work_horse_killed_handler": report_killed_job}
    IsolatedWorker([dead_worker_recovery.ISOLATED_QUEUE], connection=connection, **options).work(
        burst=True, logging_level="WARNING"
    )


class IsolatedWorker(Worker):
    """RQ's default worker, except that it does not listen for RQ's commands: that would take one more connection."""

    def subscribe(self) -> None:
        """Do nothing."""

    def _set_connection(self, connection: Redis) -> Redis:
        return connection


def report_killed_job(job: Job, *_: Any) -> None:
    """Run the failure callback of a job that killed its process. RQ only marks such a job as failed."""
    dead_worker_recovery.run_failure_callback(job, UnixSignalDeathPenalty)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", help="the name of this worker in RQ")
    parser.add_argument("--liveness-fd", type=int, help="the file descriptor for liveness reports")
    parser.add_argument("--crash-log-fd", type=int, help="the file descriptor for faulthandler's output")
    parser.add_argument("--replaces", default="", help="the name of a worker that has just died")
    parser.add_argument("--suspect-thread", default="", help="the thread in which it died")
    parser.add_argument("--isolated", help="run the isolated jobs (any value)")
    return parser.parse_args()
