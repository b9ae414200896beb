"""Health, in the words that a person reads at three in the morning."""

import re

import pytest
from rq import Queue, Worker

from presenter import health
from tests.support.stage_app import make


@pytest.fixture
def worker(room):
    born = Worker(["callers"], connection=room.redis)
    born.register_birth()
    yield born
    born.register_death()


def test_a_process_that_answers_is_live_even_without_redis():
    assert make("redis://127.0.0.1:1").test_client().get("/health/live").status_code == 200


def test_ready_means_redis_and_a_worker(worker, visitor):
    answer = visitor.get("/health/ready")
    assert answer.status_code == 200
    body = answer.json
    connections = body.pop("connections")
    assert body == {"status": "ready", "redis": "up", "workers": "1 running", "sending": "active"}
    assert re.fullmatch("[0-9]+ of 9998 used", connections)
    assert visitor.get("/health").json["connections"]


def test_a_store_that_evicts_is_not_ready_by_the_name_of_its_policy(worker, room, visitor):
    room.redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        answer = visitor.get("/health/ready")
    finally:
        room.redis.config_set("maxmemory-policy", "noeviction")
    assert answer.status_code == 503
    assert "allkeys-lru" in answer.json["redis"]


def test_without_a_worker_it_is_not_ready(visitor):
    answer = visitor.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["workers"] == "none running, so slow answers wait: start a worker"


def test_a_worker_that_was_killed_is_not_alive(room, worker, visitor):
    room.redis.delete(worker.key)  # what its expiry does
    assert visitor.get("/health/ready").status_code == 503


def test_without_redis_it_is_not_ready():
    answer = make("redis://127.0.0.1:1").test_client().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["redis"] == "not responding"


def test_a_look_serves_everybody_for_a_second(worker, visitor, monkeypatch):
    assert visitor.get("/health/ready").status_code == 200
    worker.register_death()
    assert visitor.get("/health/ready").status_code == 200
    monkeypatch.setattr(health, "CACHE_TTL_SECONDS", -1)
    assert visitor.get("/health/ready").status_code == 503
    worker.register_birth()


def test_jobs_that_wait_are_counted(app, room):
    Queue("texters", connection=room.redis).enqueue("some.task")
    with app.app_context():
        assert [(line.name, line.waiting) for line in health.check_health().queues] == [
            ("callers", 0),
            ("texters", 1),
            ("lookups", 0),
            ("webhooks", 0),
        ]
