"""Concurrent workers respect an endpoint's limits, and recover the deliveries of dead workers."""

import threading
import time
from types import SimpleNamespace

import pytest

from sending.webhooks import delivery_jobs, message_delivery
from store import round_trips
from tests.support.receivers import OK, answers, read_request, receiver
from tests.support.waiting import LIMIT_SECONDS, eventually
from tests.support.webhook_sender import BROKEN, GONE, SEAL


def test_worker_out_of_time_claims_no_further_message(sender):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        messages = [sender.publish() for _ in range(2)]
        assert sender.deliver(id, slot_seconds=0) == 1
        assert sorted(sender.state(message, id) for message in messages) == ["delivered", "waiting"]


def test_scripts_are_loaded_again_after_a_flush(sender):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        sender.publish()
        delivery_jobs.enqueue_due(sender.redis)
        sender.redis.script_flush()
        assert sender.deliver(id) == 1


def test_result_is_published_once_although_the_store_was_restarted_during_the_request(sender):
    def respond_after_restart(connection):
        read_request(connection)
        sender.redis.script_flush()
        connection.sendall(OK)

    with receiver(respond_after_restart) as there:
        id = sender.subscribe(there)
        sender.publish()
        sender.deliver(id)
    assert sender.event_types() == ["webhook.delivered"]


def test_concurrency_limit(sender):
    busy, most, gate, pair = [], [], threading.Lock(), threading.Barrier(2)

    def behave(connection):
        while read_request(connection):
            with gate:
                busy.append(1)
                most.append(len(busy))
            pair.wait(LIMIT_SECONDS)  # until another request is there at the same time
            with gate:
                busy.pop()
            connection.sendall(OK)

    with receiver(behave) as there:
        id = sender.subscribe(there, max_concurrency=2)
        for _ in range(12):
            sender.publish()
        delivery_jobs.enqueue_due(sender.redis)
        threads = [threading.Thread(target=sender.deliver, args=[id]) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_SECONDS)
    assert (len(there.requests), max(most)) == (12, 2)


@pytest.mark.parametrize("other_response", [OK, b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"], ids=["OK", "503"])
def test_response_to_an_earlier_request_does_not_shorten_the_hold(sender, other_response):
    """Two requests are in progress. One gets a 429 with Retry-After, and then the other one gets its response."""
    both, firsts = threading.Barrier(2), iter([True, False])
    busy = b"HTTP/1.1 429 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"

    def behave(connection):
        read_request(connection)
        is_first = next(firsts)
        both.wait(LIMIT_SECONDS)
        if is_first:
            connection.sendall(busy)
        else:
            eventually(lambda: sender.held_until(id) > time.time() + 3_000)
            connection.sendall(other_response)

    with receiver(behave) as there:
        id = sender.subscribe(there)
        for _ in range(3):
            sender.publish()
        delivery_jobs.enqueue_due(sender.redis)
        threads = [threading.Thread(target=sender.deliver, args=[id]) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_SECONDS)
        assert sender.held_until(id) > time.time() + 3_000
        assert sender.deliver(id) == 0
    assert len(there.requests) == 2


def test_success_of_an_earlier_request_ends_the_hold_of_the_circuit_breaker(sender):
    def behave(connection):
        read_request(connection)  # meanwhile, other requests fail
        sender.redis.hset(f"endpoint:{id}", mapping={"failures": 9, "hold_until": time.time() + 480})
        connection.sendall(OK)

    with receiver(behave) as there:
        id = sender.subscribe(there)
        sender.publish()
        assert sender.deliver(id) == 1
    assert sender.held_until(id) == 0


def test_rate_limit(sender):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there, rate_limit=3)
        for _ in range(20):
            sender.publish()
        started = int(time.time())
        sent = sender.deliver(id)
        assert sent <= 3 * (1 + int(time.time()) - started)


def test_delivery_of_a_dead_worker_is_sent_by_another(sender, monkeypatch):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        message = sender.publish()
        with monkeypatch.context() as broken:
            broken.setattr(message_delivery, "attempt", dies)
            with pytest.raises(SystemExit):
                sender.deliver(id)
        assert sender.state(message, id) == "sending"
        assert sender.deliver(id) == 0  # its lease still runs
        sender.time_passes(id)
        assert sender.deliver(id) == 1
    assert [row.cause for row in sender.attempts(id)] == ["lost", ""]
    assert sender.state(message, id) == "delivered"


def test_each_lost_attempt_is_recorded(sender, monkeypatch):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        sender.publish()
        with monkeypatch.context() as broken:
            broken.setattr(message_delivery, "attempt", dies)
            for _ in range(2):
                with pytest.raises(SystemExit):
                    sender.deliver(id)
                sender.time_passes(id)
        assert sender.deliver(id) == 1
    assert sorted((row.attempt_number, row.cause) for row in sender.attempts(id)) == [(1, "lost"), (2, "lost"), (3, "")]


def sends_twice(monkeypatch):
    """Let each of the queue's round trips run twice, as if the connection broke before the first reply arrived."""
    execute = round_trips.execute
    monkeypatch.setattr(round_trips, "execute", lambda *given: execute(*given) and execute(*given))


@pytest.mark.parametrize("limits", [{}, {"max_concurrency": 1}])
def test_claim_whose_reply_was_lost_is_answered_again(sender, monkeypatch, limits):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there, **limits)
        messages = [sender.publish() for _ in range(4)]
        delivery_jobs.enqueue_due(sender.redis)
        sends_twice(monkeypatch)
        assert sender.deliver(id) == 4
        assert [sender.state(message, id) for message in messages] == ["delivered"] * 4
    assert {row.cause for row in sender.attempts(id)} == {""}  # no attempt was lost
    assert not sender.redis.keys("endpoint:*:claimed:*")


def test_failure_whose_reply_was_lost_counts_once(sender, monkeypatch):
    with receiver(answers(BROKEN)) as there:
        id = sender.subscribe(there)
        sender.publish()
        delivery_jobs.enqueue_due(sender.redis)
        sends_twice(monkeypatch)
        assert sender.deliver(id) == 1
    assert sender.redis.hget(f"endpoint:{id}", "failures") == b"1"


def test_expired_lease_frees_the_slot(sender):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there, max_concurrency=1)
        sender.publish()
        sender.redis.zadd(f"endpoint:{id}:slots", {"somebody": time.time() + 60})
        assert sender.deliver(id) == 0
        sender.redis.zadd(f"endpoint:{id}:slots", {"somebody": time.time() - 1})
        assert sender.deliver(id) == 1


def test_hanging_endpoints_do_not_delay_others_of_their_job(sender, monkeypatch):
    monkeypatch.setattr(delivery_jobs, "_get_sender", lambda: (sender.client, SEAL, {"http": True}))
    heard = threading.Event()

    def waits_for_the_other(connection):
        read_request(connection)
        connection.sendall(OK if heard.wait(LIMIT_SECONDS) else GONE)

    def tells(connection):
        read_request(connection)
        heard.set()
        connection.sendall(OK)

    with receiver(waits_for_the_other) as slow, receiver(tells) as fast:
        ids = [sender.subscribe(slow) for _ in range(2 * delivery_jobs.INITIAL_THREADS)] + [sender.subscribe(fast)]
        sender.publish()
        delivery_jobs.enqueue_due(sender.redis)
        monkeypatch.setattr(delivery_jobs, "get_current_job", lambda: SimpleNamespace(connection=sender.redis))
        delivery_jobs.deliver_job(ids)
    assert [sender.attempts(id)[0].status for id in ids] == [200] * len(ids)


def dies(*_args):
    raise SystemExit
