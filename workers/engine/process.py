"""The process that a foreman starts: one crew, or RQ's own worker for the jobs that run alone."""

import argparse
import faulthandler
import logging
import os
import signal
import sys
from typing import Any

from redis import BlockingConnectionPool, ConnectionPool, Redis
from rq import Worker
from rq.job import Job
from rq.registry import BaseRegistry
from rq.timeouts import UnixSignalDeathPenalty

import config
from masking import MaskingFilter
from workers.engine import recovery
from workers.engine.supervisor import EX_CONFIG
from workers.engine.threaded_worker import SLOTS_PER_QUEUE, ThreadedWorker
from workers.engine.timeouts import JobTimeout

MAX_CONNECTIONS = 16  # to Redis, for all threads together: hosted stores count them, Heroku's smallest allows 20
SWITCH_INTERVAL_SECONDS = 0.0005  # seconds Python lets one busy thread run while others wait; a tenth of its default


def run_worker(name: str, liveness_fd: int, crash_log_fd: int, after: str, suspect_thread: str) -> None:
    """As a crew, until told to leave. First puts back the jobs of the worker `after`, which has just died."""
    faulthandler.enable(crash_log_fd)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    # RQ's registries run failure callbacks too, and would set an alarm, which only a process's first thread can.
    BaseRegistry.death_penalty_class = JobTimeout  # type: ignore[assignment]
    crew = ThreadedWorker(name, connect(), liveness_fd)
    signal.signal(signal.SIGTERM, crew.request_stop)
    signal.signal(signal.SIGINT, crew.request_stop)
    if after:
        recovery.requeue_dead_worker(crew.connection, SLOTS_PER_QUEUE, after, suspect_thread)
    crew.run()


def run_isolated_jobs() -> None:
    """Run what waits on the queue `alone`, each job in a process of its own, as RQ does it."""
    rules: Any = {"serializer": recovery.JOB_SERIALIZER, "work_horse_killed_handler": report_killed_job}
    Worker([recovery.ISOLATED_QUEUE], connection=connect(), **rules).work(burst=True, logging_level="WARNING")


def report_killed_job(job: Job, *_: Any) -> None:
    """RQ fails a job that kills its process, but does not call its failure callback."""
    recovery.run_failure_callback(job, UnixSignalDeathPenalty)


def connect() -> Redis:
    """The store, through a few connections that all threads share, and wait for."""
    pool = config.connect(load_settings()).connection_pool
    if type(pool) is not ConnectionPool:
        return Redis(connection_pool=pool)  # Sentinel's, or another that knows better
    shared = BlockingConnectionPool(MAX_CONNECTIONS, connection_class=pool.connection_class, **pool.connection_kwargs)
    return Redis(connection_pool=shared)


def load_settings() -> config.Settings:
    try:
        return config.load()
    except config.ConfigError as missing:
        print(missing, file=sys.stderr)
        sys.exit(EX_CONFIG)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger().handlers[0].addFilter(MaskingFilter())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", help="this worker's name in RQ")
    parser.add_argument("--liveness-fd", type=int, help="the file descriptor to write a byte to each second")
    parser.add_argument("--crash-log-fd", type=int, help="the file descriptor for what Python says when it crashes")
    parser.add_argument("--replaces", default="", help="a worker that has just died")
    parser.add_argument("--suspect-thread", default="", help="the thread that ended it")
    parser.add_argument("--isolated", help="anything: run the jobs that run alone")
    options = parser.parse_args()
    if options.isolated:
        run_isolated_jobs()
    else:
        run_worker(options.name, options.liveness_fd, options.crash_log_fd, options.replaces, options.suspect_thread)
    logging.shutdown()
    os._exit(0)  # a thread that hangs would hold us here


if __name__ == "__main__":
    main()
