"""Deliveries that come at the same moment share a trip to the store, and each gets its own answer."""

import threading

import pytest
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import ResponseError

import store
import store_batching
from tests.support.waiting import LIMIT_SECONDS, eventually


class Trips:
    """Real trips, which can be held up, and are written down."""

    def __init__(self, monkeypatch):
        self.sizes, self.may_go, self.real = [], threading.Event(), store.round_trip
        self.may_go.set()
        self.are_out = threading.Semaphore(0)
        monkeypatch.setattr(store, "round_trip", self.make)

    def make(self, redis, commands):
        self.sizes.append(len(commands))
        self.are_out.release()
        assert self.may_go.wait(LIMIT_SECONDS)
        return self.real(redis, commands)


@pytest.fixture
def trips(monkeypatch):
    return Trips(monkeypatch)


class Delivery(threading.Thread):
    """Asks the store something, in a thread of its own."""

    def __init__(self, redis, *commands):
        super().__init__(daemon=True)
        self.redis, self.commands, self.outcome = redis, commands, None
        self.start()

    def run(self):
        try:
            self.outcome = store_batching.execute(self.redis, self.commands)
        except BaseException as trouble:  # it may be stopped
            self.outcome = trouble

    def gets(self):
        self.join(LIMIT_SECONDS)
        return self.outcome


def while_one_is_out(redis, trips, *others):
    """The first one's trip is held up until these others wait for the next."""
    trips.may_go.clear()
    first = Delivery(redis, ("ECHO", "first"))
    assert trips.are_out.acquire(timeout=LIMIT_SECONDS)
    started = [Delivery(redis, *commands) for commands in others]
    coach = store_batching._batchers[redis.connection_pool]
    eventually(lambda: len(coach.waiting) == len(others), "the others wait")
    return first, started


def test_who_comes_while_a_trip_is_under_way_goes_with_the_next_one(redis, trips):
    asked = [[("ECHO", f"{number}"), ("ECHO", "and this")] for number in range(10)]
    first, others = while_one_is_out(redis, trips, *asked)
    trips.may_go.set()
    assert first.gets() == [b"first"]
    answers = sorted(other.gets() for other in others)
    assert answers == [[f"{number}".encode(), b"and this"] for number in range(10)]
    assert trips.sizes == [1, 20]


def test_a_refusal_is_only_for_who_asked(redis, trips):
    first, (wrong, right) = while_one_is_out(redis, trips, [("INCR",)], [("ECHO", "right")])
    trips.may_go.set()
    assert isinstance(wrong.gets(), ResponseError)
    assert (first.gets(), right.gets()) == ([b"first"], [b"right"])


def test_a_broken_trip_is_told_to_all_who_were_on_it_and_the_next_one_goes(redis, trips, monkeypatch):
    first, others = while_one_is_out(redis, trips, [("ECHO", "1")], [("ECHO", "2")])

    def breaks(redis, commands):
        raise Broken("the store is gone")

    monkeypatch.setattr(store, "round_trip", breaks)
    trips.may_go.set()
    assert first.gets() == [b"first"]
    assert [str(other.gets()) for other in others] == ["the store is gone"] * 2
    assert len({id(other.outcome) for other in others}) == 2
    monkeypatch.setattr(store, "round_trip", trips.real)
    assert Delivery(redis, ("ECHO", "again")).gets() == [b"again"]


def test_a_driver_that_is_stopped_leaves_its_place_to_the_next(redis, trips, monkeypatch):
    first, (second, third) = while_one_is_out(redis, trips, [("ECHO", "2")], [("ECHO", "3")])
    calls = []

    def stops_once(redis, commands):
        calls.append(commands)
        if len(calls) == 1:
            raise SystemExit
        return trips.real(redis, commands)

    monkeypatch.setattr(store, "round_trip", stops_once)
    monkeypatch.setattr(store_batching, "MAX_DELIVERIES_PER_BATCH", 1)
    trips.may_go.set()
    assert first.gets() == [b"first"]
    stopped, carried = sorted((second.gets(), third.gets()), key=lambda outcome: isinstance(outcome, list))
    assert isinstance(stopped, SystemExit)
    assert carried in ([b"2"], [b"3"])


def test_without_company_a_delivery_goes_at_once(redis, trips):
    assert store_batching.execute(redis, [("ECHO", "alone")]) == [b"alone"]
    assert trips.sizes == [1]
