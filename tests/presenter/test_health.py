"""Liveness and readiness."""

import re

import pytest
from rq import Queue, Worker

from presenter import health_checks
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
