"""Commands of concurrent requests share a round trip to Redis."""

import threading

import pytest
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import ResponseError

import store
from store import batching
from tests.support.waiting import LIMIT_SECONDS, eventually


class RoundTrips:
    """Real round trips, recorded, which a test can delay."""

    def __init__(self, monkeypatch):
        self.sizes, self.may_finish, self.real = [], threading.Event(), store.round_trips.round_trip
        self.may_finish.set()
        self.started = threading.Semaphore(0)
        monkeypatch.setattr(store.round_trips, "round_trip", self.make)

    def make(self, redis, commands):
        self.sizes.append(len(commands))
        self.started.release()
        assert self.may_finish.wait(LIMIT_SECONDS)
        return self.real(redis, commands)


@pytest.fixture
def round_trips(monkeypatch):
    return RoundTrips(monkeypatch)


class Request(threading.Thread):
    """Executes commands in a thread of its own."""

    def __init__(self, redis, *commands):
        super().__init__(daemon=True)
        self.redis, self.commands, self.outcome = redis, commands, None
        self.start()

    def run(self):
        try:
            self.outcome = batching.execute(self.redis, self.commands)
        except BaseException as trouble:  # including SystemExit
            self.outcome = trouble

    def result(self):
        self.join(LIMIT_SECONDS)
        return self.outcome


def during_a_round_trip(redis, round_trips, *others):
    """The first request's round trip is delayed until these others wait for the next one."""
    round_trips.may_finish.clear()
    first = Request(redis, ("ECHO", "first"))
    assert round_trips.started.acquire(timeout=LIMIT_SECONDS)
    started = [Request(redis, *commands) for commands in others]
    batcher = batching._batchers[redis.connection_pool]
    eventually(lambda: len(batcher.waiting) == len(others), "the others wait")
    return first, started


def test_requests_during_a_round_trip_share_the_next_one(redis, round_trips):
    asked = [[("ECHO", f"{number}"), ("ECHO", "and this")] for number in range(10)]
    first, others = during_a_round_trip(redis, round_trips, *asked)
    round_trips.may_finish.set()
    assert first.result() == [b"first"]
    answers = sorted(other.result() for other in others)
    assert answers == [[f"{number}".encode(), b"and this"] for number in range(10)]
    assert round_trips.sizes == [1, 20]


def test_command_error_reaches_only_its_request(redis, round_trips):
    first, (wrong, right) = during_a_round_trip(redis, round_trips, [("INCR",)], [("ECHO", "right")])
    round_trips.may_finish.set()
    assert isinstance(wrong.result(), ResponseError)
    assert (first.result(), right.result()) == ([b"first"], [b"right"])


def test_connection_error_reaches_every_request_of_the_batch(redis, round_trips, monkeypatch):
    first, others = during_a_round_trip(redis, round_trips, [("ECHO", "1")], [("ECHO", "2")])

    def breaks(redis, commands):
        raise Broken("the store is gone")

    monkeypatch.setattr(store.round_trips, "round_trip", breaks)
    round_trips.may_finish.set()
    assert first.result() == [b"first"]
    assert [str(other.result()) for other in others] == ["the store is gone"] * 2
    assert len({id(other.outcome) for other in others}) == 2
    monkeypatch.setattr(store.round_trips, "round_trip", round_trips.real)
    assert Request(redis, ("ECHO", "again")).result() == [b"again"]


def test_stopped_request_hands_the_batch_over(redis, round_trips, monkeypatch):
    first, (second, third) = during_a_round_trip(redis, round_trips, [("ECHO", "2")], [("ECHO", "3")])
    calls = []

    def stops_once(redis, commands):
        calls.append(commands)
        if len(calls) == 1:
            raise SystemExit
        return round_trips.real(redis, commands)

    monkeypatch.setattr(store.round_trips, "round_trip", stops_once)
    monkeypatch.setattr(batching, "MAX_DELIVERIES_PER_BATCH", 1)
    round_trips.may_finish.set()
    assert first.result() == [b"first"]
    stopped, carried = sorted((second.result(), third.result()), key=lambda outcome: isinstance(outcome, list))
    assert isinstance(stopped, SystemExit)
    assert carried in ([b"2"], [b"3"])


def test_single_request_is_sent_at_once(redis, round_trips):
    assert batching.execute(redis, [("ECHO", "alone")]) == [b"alone"]
    assert round_trips.sizes == [1]
