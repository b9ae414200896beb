"""RQ's worker classes as the benchmark starts them: `python -m bench.alternatives.rq_workers "WorkerPool of 4"`."""

import os
import sys
import threading
from typing import Any

from redis import Redis
from rq import SimpleWorker, SpawnWorker, Worker
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty, TimerDeathPenalty
from rq.worker_pool import WorkerPool

CONCURRENT_WORKERS = 200


class NoTimeout(BaseDeathPenalty):
    """No timeout: RQ's alarm would interrupt the whole process, and its thread exception an arbitrary greenlet."""

    def setup_death_penalty(self) -> None:
        return None

    def cancel_death_penalty(self) -> None:
        return None


class WithoutSignals(SimpleWorker):
    """A SimpleWorker that shares its process with others."""

    def _install_signal_handlers(self) -> None:
        return None


def run_worker(name: str) -> None:
    """Run the RQ worker with this name until the process is killed."""
    if name == "200 SimpleWorkers, greenlets":
        from gevent import monkey

        monkey.patch_all()
        WithoutSignals.death_penalty_class = NoTimeout  # type: ignore[assignment]
    elif name == "200 SimpleWorkers, threads":
        WithoutSignals.death_penalty_class = TimerDeathPenalty  # type: ignore[assignment]
    single: dict[str, Any] = {"Worker (forks)": Worker, "SpawnWorker": SpawnWorker, "SimpleWorker": SimpleWorker}
    if name in single:
        run_single_worker(single[name])
    elif name == "WorkerPool of 4":
        WorkerPool(["callers"], connect(), num_workers=4, serializer=JSONSerializer).start(logging_level="ERROR")
    else:
        for _ in range(CONCURRENT_WORKERS):
            threading.Thread(target=run_single_worker, args=(WithoutSignals,), daemon=True).start()
        threading.Event().wait()


def connect() -> Redis:
    return Redis.from_url(os.environ["REDIS_URL"])


def run_single_worker(worker_class: Any) -> None:
    worker_class(["callers"], connection=connect(), serializer=JSONSerializer).work(logging_level="ERROR")


if __name__ == "__main__":
    run_worker(sys.argv[1])
