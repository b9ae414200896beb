"""What waits for an endpoint is limited in bytes, and is freed with the endpoint."""

import time

import pytest

from sending.webhooks import delivery_jobs, redelivery
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue import backlog
from sending.webhooks.queue.delivery_queue import get_delivery_queue
from store import memory_usage
from store.memory_usage import MemoryUsage
from tests.support.receivers import OK, answers, receiver
from tests.support.webhook_sender import BROKEN

MESSAGES = 40


@pytest.fixture
def memory(monkeypatch):
    """Says how much memory the store has, in messages of this test that fit into one endpoint's limit."""

    def set_memory(messages, used_share=0.1):
        limit = int(messages * 350 / backlog.MAX_BACKLOG_SHARE)
        monkeypatch.setattr(memory_usage, "read", lambda _: MemoryUsage(int(used_share * limit), limit))

    return set_memory


def waiting(sender, id):
    return [message.decode() for message in sender.redis.zrange(f"endpoint:{id}:due", 0, -1)]


def waiting_bytes(sender, id):
    return int(sender.redis.hget(f"endpoint:{id}", "waiting_bytes") or 0)


def fill(sender, count=MESSAGES):
    """Publish messages and queue them for the endpoints."""
    sent = []
    for _ in range(count):
        sent.append(sender.publish())
        delivery_jobs.enqueue_due(sender.redis)
    return sent


def test_the_oldest_messages_in_excess_of_the_limit_become_dead_letters(sender, memory, caplog, monkeypatch):
    monkeypatch.setattr(backlog, "MESSAGES_PER_CALL", 7)
    with receiver(answers(BROKEN)) as there:
        id = sender.subscribe(there)
        sent = fill(sender)
        memory(messages=10)
        assert 25 < backlog.trim(sender.redis) < 35
        kept = waiting(sender, id)
    assert set(kept) == set(sent[-len(kept) :])
    assert redelivery.load_dead_letters(sender.redis, id)[0] == MESSAGES - len(kept)
    assert waiting_bytes(sender, id) <= 10 * 350
    assert backlog.trim(sender.redis) == 0
    assert f"to {id} are now dead letters" in caplog.text


def test_a_message_that_was_given_up_can_be_sent_again(sender, memory):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        first = fill(sender)[0]
        memory(messages=10)
        backlog.trim(sender.redis)
        assert sender.state(first, id) == "dead"
        assert redelivery.resend(sender.redis, id, first)
        memory(messages=100)
        sender.deliver(id)
        assert sender.state(first, id) == "delivered"


def test_under_memory_pressure_only_an_endpoint_that_accepts_nothing_gets_a_smaller_limit(sender, memory):
    with receiver(answers(BROKEN)) as dead, receiver(answers(OK)) as good:
        paused, failing, healthy = sender.subscribe(dead), sender.subscribe(dead), sender.subscribe(good)
        fill(sender)
        stored_endpoints.pause(sender.redis, paused)
        sender.deliver(failing)
        memory(messages=MESSAGES + 1)
        assert backlog.trim(sender.redis) == 0
        memory(messages=MESSAGES + 1, used_share=0.7)
        backlog.trim(sender.redis)
    assert len(waiting(sender, healthy)) == MESSAGES
    assert 5 < len(waiting(sender, paused)) < 15
    assert 5 < len(waiting(sender, failing)) < 15


def test_a_message_being_sent_is_not_given_up(sender, memory):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        (message,) = fill(sender, 1)
        assert get_delivery_queue(sender.redis).acquire(stored_endpoints.load(sender.redis, id), "slot", time.time())
        memory(messages=0)
        assert backlog.trim(sender.redis) == 0
    assert waiting(sender, id) == [message]


@pytest.mark.parametrize("reply", [OK, BROKEN])
def test_the_counted_bytes_return_to_zero_when_nothing_waits(sender, reply):
    with receiver(answers(reply)) as there:
        id = sender.subscribe(there)
        fill(sender, 3)
        size = waiting_bytes(sender, id)
        assert 3 * 200 < size < 3 * 600
        sender.deliver(id, schedule=[0])
        assert (waiting(sender, id), waiting_bytes(sender, id)) == ([], 0)
        redelivery.resend(sender.redis, id, sender.attempts(id)[0].message)
        assert waiting_bytes(sender, id) == size / 3


def test_expired_messages_no_longer_count(sender):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        expired = fill(sender, 3)[0]
        size = waiting_bytes(sender, id)
        sender.redis.delete(f"message:{expired}")
        stored_endpoints.pause(sender.redis, id)
        stored_endpoints.resume(sender.redis, id)
        sender.deliver(id, slot_seconds=0)
        assert waiting_bytes(sender, id) < size / 2
        assert len(waiting(sender, id)) == 1


def test_deleting_an_endpoint_frees_the_messages_that_wait_for_it_alone(sender, monkeypatch):
    monkeypatch.setattr(backlog, "MESSAGES_PER_CALL", 10)
    with receiver(answers(BROKEN)) as there:
        gone, other = sender.subscribe(there, event_types=["text.*"]), sender.subscribe(there, event_types=["call.*"])
        fill(sender)
        ended = sender.publish("call.ended", subject="CA1", status="completed", seconds=1.0)
        sender.deliver(gone)
        backlog.delete_endpoint(sender.redis, gone)
    assert sender.redis.keys("message:*") == [f"message:{ended}".encode()]
    assert waiting(sender, other) == [ended]
    assert sender.redis.keys("delivery:*") == []
    assert sender.redis.keys(f"endpoint:{gone}*") == []


def test_a_message_that_another_endpoint_has_received_stays_in_the_history(sender):
    with receiver(answers(OK)) as good, receiver(answers(BROKEN)) as bad:
        kept, gone = sender.subscribe(good), sender.subscribe(bad)
        message = sender.publish()
        sender.deliver(kept)
        sender.deliver(gone)
        backlog.delete_endpoint(sender.redis, gone)
    assert sender.state(message, kept) == "delivered"
    assert sender.redis.lrange("messages:delivered", 0, -1)
