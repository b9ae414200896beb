"""Failed deliveries: retries, Retry-After, circuit breaker, dead letters, disabling."""

import time
from email.utils import formatdate

import pytest

from sending.webhooks import redelivery
from sending.webhooks.endpoints import failing_endpoints, stored_endpoints
from sending.webhooks.queue import backlog
from tests.support.receivers import OK, answers, drips, never_answers, read_request, receiver, says_and_closes
from tests.support.waiting import LIMIT_SECONDS
from tests.support.webhook_sender import BROKEN, GONE


def test_retry_has_the_same_id_and_a_new_signature(sender):
    with receiver(answers(BROKEN, OK)) as there:
        id = sender.subscribe(there)
        message = sender.publish()
        began = time.time()
        sender.deliver(id)
        assert sender.state(message, id) == "waiting"
        assert began + 4 <= sender.next_attempt(id) <= time.time() + 6
        sender.time_passes(id)
        sender.deliver(id)
    first, second = sender.attempts(id)
    assert [first.status, first.cause, first.response_body, second.status] == [500, "status", "oops", 200]
    assert [first.attempt_number, second.attempt_number] == [1, 2]
    assert first.request_headers["webhook-id"] == second.request_headers["webhook-id"] == message
    assert (sender.state(message, id), sender.event_types()) == ("delivered", ["webhook.failed", "webhook.delivered"])


@pytest.mark.parametrize(
    ("behave", "cause", "total_timeout"),
    [
        (
            answers(b"HTTP/1.1 302 F\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"),
            "status",
            LIMIT_SECONDS,
        ),
        (answers(b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n"), "status", LIMIT_SECONDS),
        (says_and_closes(b""), "protocol", LIMIT_SECONDS),
        (says_and_closes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"), "protocol", LIMIT_SECONDS),
        (drips(b"HTTP/1.1 200 OK\r\nX: ", b"x", b"\r\nContent-Length: 0\r\n\r\n"), "timeout", 0.2),
        (never_answers, "timeout", 0.2),
    ],
    ids=["redirect", "404", "closes", "closes early", "drips", "silent"],
)
def test_failure_is_retried_and_its_cause_recorded(sender, monkeypatch, behave, cause, total_timeout):
    request = sender.client.request
    monkeypatch.setattr(sender.client, "request", lambda *a, **k: request(*a, **k, total_timeout=total_timeout))
    with receiver(behave) as there:
        id = sender.subscribe(there)
        message = sender.publish()
        sender.deliver(id)
    assert (sender.attempts(id)[-1].cause, sender.state(message, id)) == (cause, "waiting")


def test_broken_connection_is_retried_at_once(sender):
    with receiver(says_and_closes(b"")) as there:
        id = sender.subscribe(there)
        sender.publish()
        sender.deliver(id)
    assert [row.attempt_number for row in sender.attempts(id)] == [1, 1]
    assert len(there.requests) == 2


@pytest.mark.parametrize(
    "header", [lambda: "120", lambda: formatdate(time.time() + 120, usegmt=True)], ids=["s", "date"]
)
@pytest.mark.parametrize("status", [b"429", b"503"])
def test_retry_after_holds_all_messages(sender, status, header):
    began = time.time()
    busy = b"HTTP/1.1 " + status + b" Busy\r\nRetry-After: " + header().encode() + b"\r\nContent-Length: 0\r\n\r\n"
    with receiver(answers(busy)) as there:
        id = sender.subscribe(there)
        for _ in range(3):
            sender.publish()
        assert sender.deliver(id) == 1
        assert began + 119 <= sender.held_until(id) <= time.time() + 120  # a date has whole seconds
        assert sender.deliver(id) == 0
    assert len(there.requests) == 1


def test_410_disables_the_endpoint_and_notifies_the_owner(sender):
    with receiver(answers(GONE)) as there:
        id = sender.subscribe(there, owner="+447700900123")
        for _ in range(2):
            sender.publish()
        assert sender.deliver(id) == 1
        sender.time_passes(id)
        assert sender.deliver(id) == 0
    stopped = stored_endpoints.load(sender.redis, id)
    assert (stopped.state, stopped.state_reason) == ("disabled", "The endpoint returned 410 Gone, so we disabled it.")
    assert "endpoint.disabled" in sender.event_types()
    (effect,) = sender.redis.keys("outbox:stopped-*")
    assert b"receiver.test" in sender.redis.hget(effect, "body")


def test_two_requests_that_get_410_notify_the_owner_once(sender):
    """They were sent at the same time, but the second response arrives seconds later."""
    with receiver(answers(GONE)) as there:
        id = sender.subscribe(there, owner="+447700900123")
        sender.publish()
        endpoint = stored_endpoints.load(sender.redis, id)
        sender.deliver(id)
        last = sender.attempts(id)[-1]
        failing_endpoints.disable_if_failing(sender.redis, endpoint, last, 0.0, time.time() + 5)
    assert len(sender.redis.keys("outbox:stopped-*")) == 1
    assert sender.event_types().count("endpoint.disabled") == 1


def test_endpoint_may_be_deleted_while_it_answers_410(sender):
    def behave(connection):
        read_request(connection)
        backlog.delete_endpoint(sender.redis, id)
        connection.sendall(GONE)

    with receiver(behave) as there:
        id = sender.subscribe(there, owner="+447700900123")
        sender.publish()
        assert sender.deliver(id) == 1
    assert not sender.redis.keys("outbox:stopped-*")


@pytest.mark.parametrize(
    ("status", "wish", "message_is", "endpoint_is"),
    [
        (b"200", b"disable", "delivered", "disabled"),
        (b"500", b"Disable", "waiting", "disabled"),
        (b"500", b"abort-message", "dead", "enabled"),
        (b"200", b"abort-message", "delivered", "enabled"),
        (b"410", b"abort-message", "waiting", "disabled"),
        (b"500", b"sing", "waiting", "enabled"),
    ],
)
def test_response_header_controls_the_delivery(sender, status, wish, message_is, endpoint_is):
    steers = b"HTTP/1.1 " + status + b" X\r\nwebhook-delivery: " + wish + b"\r\nContent-Length: 0\r\n\r\n"
    with receiver(answers(steers)) as there:
        id = sender.subscribe(there)
        message = sender.publish()
        sender.deliver(id)
    assert (sender.state(message, id), stored_endpoints.load(sender.redis, id).state) == (message_is, endpoint_is)


def test_dead_letter_can_be_sent_again(sender):
    with receiver(answers(BROKEN, BROKEN, OK)) as there:
        id = sender.subscribe(there)
        message = sender.publish()
        for _ in range(2):
            sender.time_passes(id)
            sender.deliver(id, schedule=(0, 5))
        assert (sender.state(message, id), sender.event_types()[-1]) == ("dead", "webhook.dead")
        assert list(redelivery.recover(sender.redis, id, 0, time.time() + 1)) == [(0, 1), (1, 1)]
        sender.deliver(id)
        assert sender.state(message, id) == "delivered"
    assert {row.request_headers["webhook-id"] for row in sender.attempts(id)} == {message}


def test_failing_endpoint_is_only_probed(sender):
    with receiver(answers(*[BROKEN] * 6, OK)) as there:
        id = sender.subscribe(there)
        for _ in range(8):
            sender.publish()
        began = time.time()
        assert sender.deliver(id) == 5  # then the breaker opens
        assert sender.held_until(id) > began + 20
        assert sender.deliver(id) == 0
        sender.redis.hset(f"endpoint:{id}", "hold_until", 0)
        began = time.time()
        assert sender.deliver(id) == 1  # a probe, in vain
        assert sender.held_until(id) > began + 40
        sender.time_passes(id)
        assert sender.deliver(id) == 8  # the probe is taken, and all the rest follows
    assert int(sender.redis.hget(f"endpoint:{id}", "failures")) == 0


def test_five_days_of_failures_disable_the_endpoint(sender):
    with receiver(answers(BROKEN)) as there:
        id = sender.subscribe(there)
        sender.publish()
        sender.redis.hset(f"endpoint:{id}", "failing_since", int(time.time() - 6 * 24 * 3600))
        sender.deliver(id)
    assert (
        stored_endpoints.load(sender.redis, id).state_reason
        == "The endpoint accepted nothing for five days, so we have disabled it."
    )
