"""What the store keeps of a message: little, and nothing without a limit in bytes."""

import time

import pytest

from sending.webhooks import delivery_jobs, redelivery
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue import delivery_queue, messages
from tests.support.receivers import OK, answers, receiver
from tests.support.webhook_sender import BROKEN


@pytest.fixture
def few_bytes(monkeypatch):
    """Room for some twenty messages."""
    monkeypatch.setattr(delivery_queue, "MAX_KEPT_BYTES", 6_000)


def stored(redis):
    return sum(redis.memory_usage(key) for key in redis.keys("message:*"))


def test_a_delivered_message_is_one_small_key_that_expires_within_hours(sender):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        message = sender.publish()
        sender.deliver(id)
    assert sender.redis.keys(f"*{message}*") == [f"message:{message}".encode()]
    assert stored(sender.redis) < 400
    assert 0 < sender.redis.ttl(f"message:{message}") <= messages.DELIVERED_TTL_SECONDS


def test_the_oldest_delivered_messages_are_dropped_by_bytes(sender, few_bytes):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        sent = [sender.publish() for _ in range(60)]
        assert sender.deliver(id) == 60
    assert stored(sender.redis) < 7_000
    kept = [entry.decode().split()[1] for entry in sender.redis.lrange(messages.DELIVERED_KEY, 0, -1)]
    assert 15 < len(kept) < 30
    assert {message for message in sent if messages.load_body(sender.redis, message)} == set(kept)


def test_a_message_that_waits_anywhere_is_kept(sender, few_bytes):
    with receiver(answers(OK)) as good, receiver(answers(BROKEN)) as bad:
        quick, slow = sender.subscribe(good), sender.subscribe(bad)
        waiting = sender.publish()
        sender.deliver(quick)
        sender.deliver(slow)
        for _ in range(60):
            sender.publish()
        sender.deliver(quick)
    assert sender.state(waiting, quick) == "delivered"
    assert sender.state(waiting, slow) == "waiting"
    assert sender.redis.zcard(f"endpoint:{slow}:due") == 61
    assert len(sender.redis.keys("message:*")) == 61


def test_many_deliveries_do_not_displace_dead_letters(sender, few_bytes):
    with receiver(answers(OK)) as good, receiver(answers(BROKEN)) as bad:
        quick, slow = sender.subscribe(good), sender.subscribe(bad)
        dead = sender.publish()
        sender.deliver(slow, schedule=[0])
        sender.deliver(quick)
        stored_endpoints.pause(sender.redis, slow)
        stored_endpoints.update(sender.redis, sender.client, None, slow, http=True, event_types=["call.*"])
        for _ in range(60):
            sender.publish()
        sender.deliver(quick)
    assert (sender.state(dead, quick), sender.state(dead, slow)) == ("delivered", "dead")
    assert messages.load_body(sender.redis, dead)


@pytest.mark.parametrize("reply", [OK, BROKEN])
def test_a_message_that_is_sent_again_keeps_its_number_and_is_kept_until_it_is_delivered(sender, few_bytes, reply):
    with receiver(answers(reply, OK)) as there:
        id = sender.subscribe(there)
        sender.publish()
        sender.deliver(id, schedule=[0])
        again = sender.redis.zrange(f"endpoint:{id}:dead", 0, -1) or sender.redis.lrange(messages.DELIVERED_KEY, 0, -1)
        message = again[0].decode().split()[-1]
        assert redelivery.resend(sender.redis, id, message, time.time() + 60)
        for _ in range(60):
            sender.publish()
        sender.deliver(id)
        assert messages.load_body(sender.redis, message)
        sender.time_passes(id)
        assert sender.deliver(id) == 1
    numbers = [line for it in there.requests for line in it.decode().split("\r\n") if line == "webhook-sequence: 1"]
    assert len(numbers) == 2
    assert sender.state(message, id) in ("delivered", "")


def test_a_message_that_nobody_wants_is_not_stored(sender):
    sender.publish()
    delivery_jobs.enqueue_due(sender.redis)
    assert not sender.redis.keys("message:*")
    assert sender.redis.xlen(messages.NEW_KEY) == 0


def test_endpoints_share_the_memory_for_attempts(sender, monkeypatch):
    monkeypatch.setattr(delivery_queue, "MAX_ATTEMPT_BYTES", 40_000)
    with receiver(answers(OK)) as there:
        ids = [sender.subscribe(there) for _ in range(4)]
        for _ in range(60):
            sender.publish()
        for id in ids:
            assert sender.deliver(id) == 60
    assert sum(sender.redis.memory_usage(f"endpoint:{id}:attempts") for id in ids) < 60_000
    assert all(sender.attempts(id) for id in ids)
