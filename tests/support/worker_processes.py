"""Worker processes and their queues on a real Redis server."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from tests.support.processes import ROOT, kill_tree
from tests.support.waiting import eventually
from workers.engine.dead_worker_recovery import worker_key


class WorkerProcesses:
    """Enqueues jobs, and starts as many workers as a test needs."""

    def __init__(self, redis: Any, environ: dict[str, str]) -> None:
        self.redis = redis
        self.environ = os.environ | environ
        self.workers: list[subprocess.Popen[bytes]] = []
        self.names_of: dict[int, set[str]] = {}

    def start(self, **environ: str) -> "subprocess.Popen[bytes]":
        """Start tests/workers/engine/fast_worker.py, and wait until it is registered."""
        known = set(self.names())
        command = [sys.executable, "-m", "tests.workers.engine.fast_worker"]
        worker = subprocess.Popen(command, env=self.environ | environ, cwd=ROOT)
        self.workers.append(worker)
        self.names_of[worker.pid] = eventually(lambda: set(self.names()) - known)
        return worker

    def kill(self, worker: "subprocess.Popen[bytes]") -> None:
        """kill -9 all processes of a worker; its registration expires at once."""
        kill_tree(worker)
        for name in self.names_of[worker.pid]:
            self.redis.delete(worker_key(name))

    def names(self) -> list[str]:
        return [worker.name for worker in BaseWorker.all(connection=self.redis)]

    def queue(self, name: str = "callers") -> Queue:
        return Queue(name, connection=self.redis, serializer=JSONSerializer)

    def enqueue(self, job: Callable[..., Any], *args: Any, queue: str = "callers", **options: Any) -> Job:
        return self.queue(queue).enqueue(job, args=args, **options)

    def reaches(self, job: Job, status: str) -> bool:
        return bool(eventually(lambda: job.get_status() == status))

    def notes(self, key: str = "noted") -> list[str]:
        return [word.decode() for word in self.redis.lrange(key, 0, -1)]

    def wait_for_started(self, number: int) -> list[int]:
        """Wait until this many jobs have started; return the ids of their processes."""
        eventually(lambda: self.redis.llen("started") >= number)
        return [int(pid) for pid in self.notes("started")]

    def stop_all(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                kill_tree(worker)
