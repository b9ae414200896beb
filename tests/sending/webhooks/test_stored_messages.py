"""What the store keeps of a message: little, and nothing without a limit in bytes."""

import time

import pytest

from sending.webhooks import dispatch, endpoints, messages, queue, redelivery
from tests.support.receivers import OK, answers, receiver
from tests.support.webhook_sender import BROKEN


@pytest.fixture
def few_bytes(monkeypatch):
    """Room for some twenty messages."""
    monkeypatch.setattr(queue, "MAX_KEPT_BYTES", 6_000)


def stored(redis):
    return sum(redis.memory_usage(key) for key in redis.keys("message:*"))


def test_a_delivered_message_is_one_small_key_that_expires_within_hours(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        message = house.says()
        house.sends(id)
    assert house.redis.keys(f"*{message}*") == [f"message:{message}".encode()]
    assert stored(house.redis) < 400
    assert 0 < house.redis.ttl(f"message:{message}") <= messages.DELIVERED_TTL_SECONDS


def test_the_oldest_delivered_messages_are_dropped_by_bytes(house, few_bytes):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        sent = [house.says() for _ in range(60)]
        assert house.sends(id) == 60
    assert stored(house.redis) < 7_000
    kept = [entry.decode().split()[1] for entry in house.redis.lrange(messages.DELIVERED_KEY, 0, -1)]
    assert 15 < len(kept) < 30
    assert {message for message in sent if messages.load_body(house.redis, message)} == set(kept)


def test_a_message_that_waits_anywhere_is_kept(house, few_bytes):
    with receiver(answers(OK)) as good, receiver(answers(BROKEN)) as bad:
        quick, slow = house.subscribes(good), house.subscribes(bad)
        waiting = house.says()
        house.sends(quick)
        house.sends(slow)
        for _ in range(60):
            house.says()
        house.sends(quick)
    assert house.state(waiting, quick) == "delivered"
    assert house.state(waiting, slow) == "waiting"
    assert house.redis.zcard(f"endpoint:{slow}:due") == 61
    assert len(house.redis.keys("message:*")) == 61


def test_many_deliveries_do_not_displace_dead_letters(house, few_bytes):
    with receiver(answers(OK)) as good, receiver(answers(BROKEN)) as bad:
        quick, slow = house.subscribes(good), house.subscribes(bad)
        dead = house.says()
        house.sends(slow, schedule=[0])
        house.sends(quick)
        endpoints.pause(house.redis, slow)
        endpoints.update(house.redis, house.client, None, slow, http=True, event_types=["call.*"])
        for _ in range(60):
            house.says()
        house.sends(quick)
    assert (house.state(dead, quick), house.state(dead, slow)) == ("delivered", "dead")
    assert messages.load_body(house.redis, dead)


@pytest.mark.parametrize("reply", [OK, BROKEN])
def test_a_message_that_is_sent_again_keeps_its_number_and_is_kept_until_it_is_delivered(house, few_bytes, reply):
    with receiver(answers(reply, OK)) as there:
        id = house.subscribes(there)
        house.says()
        house.sends(id, schedule=[0])
        again = house.redis.zrange(f"endpoint:{id}:dead", 0, -1) or house.redis.lrange(messages.DELIVERED_KEY, 0, -1)
        message = again[0].decode().split()[-1]
        assert redelivery.resend(house.redis, id, message, time.time() + 60)
        for _ in range(60):
            house.says()
        house.sends(id)
        assert messages.load_body(house.redis, message)
        house.time_passes(id)
        assert house.sends(id) == 1
    numbers = [line for it in there.requests for line in it.decode().split("\r\n") if line == "webhook-sequence: 1"]
    assert len(numbers) == 2
    assert house.state(message, id) in ("delivered", "")


def test_a_message_that_nobody_wants_is_not_stored(house):
    house.says()
    dispatch.enqueue_due(house.redis)
    assert not house.redis.keys("message:*")
    assert house.redis.xlen(messages.NEW_KEY) == 0


def test_endpoints_share_the_memory_for_attempts(house, monkeypatch):
    monkeypatch.setattr(queue, "MAX_ATTEMPT_BYTES", 40_000)
    with receiver(answers(OK)) as there:
        ids = [house.subscribes(there) for _ in range(4)]
        for _ in range(60):
            house.says()
        for id in ids:
            assert house.sends(id) == 60
    assert sum(house.redis.memory_usage(f"endpoint:{id}:attempts") for id in ids) < 60_000
    assert all(house.attempts(id) for id in ids)
