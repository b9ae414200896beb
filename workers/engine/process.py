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
from masking import MaskedNumbers
from workers.engine import recovery
from workers.engine.supervisor import MISCONFIGURED
from workers.engine.threaded_worker import PLACES, Crew
from workers.engine.timeouts import Deadline

CONNECTIONS = 16  # to Redis, for all threads together: hosted stores count them, Heroku's smallest allows 20
SWITCH_EVERY = 0.0005  # seconds Python lets one busy thread run while others wait; a tenth of its default


def work(name: str, pulse: int, last_words: int, after: str, culprit: str) -> None:
    """As a crew, until told to leave. First puts back the jobs of the worker `after`, which has just died."""
    faulthandler.enable(last_words)
    sys.setswitchinterval(SWITCH_EVERY)
    # RQ's registries run failure callbacks too, and would set an alarm, which only a process's first thread can.
    BaseRegistry.death_penalty_class = Deadline  # type: ignore[assignment]
    crew = Crew(name, connect(), pulse)
    signal.signal(signal.SIGTERM, crew.request_stop)
    signal.signal(signal.SIGINT, crew.request_stop)
    if after:
        recovery.bury(crew.connection, PLACES, after, culprit)
    crew.run()


def work_alone() -> None:
    """Run what waits on the queue `alone`, each job in a process of its own, as RQ does it."""
    rules: Any = {"serializer": recovery.JOBS_ARE, "work_horse_killed_handler": tell_of_killed_job}
    Worker([recovery.ALONE], connection=connect(), **rules).work(burst=True, logging_level="WARNING")


def tell_of_killed_job(job: Job, *_: Any) -> None:
    """RQ fails a job that kills its process, but does not call its failure callback."""
    recovery.tell_of_failure(job, UnixSignalDeathPenalty)


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


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger().handlers[0].addFilter(MaskedNumbers())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", help="this worker's name in RQ")
    parser.add_argument("--pulse", type=int, help="the file descriptor to write a byte to each second")
    parser.add_argument("--last-words", type=int, help="the file descriptor for what Python says when it crashes")
    parser.add_argument("--after", default="", help="a worker that has just died")
    parser.add_argument("--culprit", default="", help="the thread that ended it")
    parser.add_argument("--alone", help="anything: run the jobs that run alone")
    options = parser.parse_args()
    if options.alone:
        work_alone()
    else:
        work(options.name, options.pulse, options.last_words, options.after, options.culprit)
    logging.shutdown()
    os._exit(0)  # a thread that hangs would hold us here


if __name__ == "__main__":
    main()
