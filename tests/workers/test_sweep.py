"""The sweep: an item that fails delays no other, and two processes never process the same item at the same time."""

import pytest
import redis as redis_client

from workers import sweep


def process(redis, ids, function):
    return sweep.process_each(redis, ids, function)


def fails_for(*bad):
    processed = []

    def function(id):
        if id in bad:
            raise ZeroDivisionError
        processed.append(id)

    return processed, function


def test_item_that_fails_delays_no_other(redis, caplog):
    processed, function = fails_for("b")
    process(redis, ["a", "b", "c"], function)
    assert processed == ["a", "c"]
    assert "ZeroDivisionError" in caplog.text


def test_item_that_fails_is_tried_again_later(redis):
    processed, function = fails_for("b")
    process(redis, ["b"], function)
    assert 0 < redis.ttl("sweep-lock:b") <= sweep.LOCK_TTL_SECONDS
    assert process(redis, ["b"], processed.append) == 0
    redis.delete("sweep-lock:b")
    assert process(redis, ["b"], processed.append) == 1


def test_items_that_must_wait_for_a_slow_one_are_not_locked(redis):
    """Otherwise their locks could expire before they are processed."""
    locked = []
    process(redis, ["slow", "next"], lambda _: locked.append(redis.keys("sweep-lock:*")))
    assert locked == [[b"sweep-lock:slow"], [b"sweep-lock:next"]]


def test_outage_of_the_store_ends_the_sweep(redis):
    def function(id):
        raise redis_client.ConnectionError(id)

    with pytest.raises(redis_client.ConnectionError, match="a"):
        process(redis, ["a", "b"], function)
    assert not redis.exists("sweep-lock:b")
