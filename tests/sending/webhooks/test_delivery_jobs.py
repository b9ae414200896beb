"""Signed webhooks reach the endpoints that subscribed to the event, and no others."""

import standardwebhooks
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from sending.http.client import HttpClient
from sending.webhooks import delivery_jobs, message_delivery
from sending.webhooks.endpoints import stored_endpoints
from tests.support.receivers import OK, answers, leads_to, read_request, receiver
from tests.support.webhook_sender import GONE, SEAL


def test_standard_webhooks_library_accepts_the_request(sender):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        message = sender.publish(words="grüezi")
        assert sender.deliver(id) == 1
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    secret = sender.secret(id)
    event = standardwebhooks.Webhook(secret).verify(body, headers)
    assert (event["type"], event["data"]) == ("text.received", {"words": "grüezi"})
    assert (headers["webhook-id"], headers["webhook-sequence"]) == (message, "1")
    assert headers["Content-Type"] == "application/json"
    assert (sender.state(message, id), sender.event_types()) == ("delivered", ["webhook.delivered"])


def test_only_subscribed_endpoints_get_the_message(sender):
    with receiver(answers(OK)) as there:
        calls, texts = (
            sender.subscribe(there, event_types=("call.*",)),
            sender.subscribe(there, event_types=("text.*",)),
        )
        sender.publish("call.ended", seconds=3)
        assert (sender.deliver(calls), sender.deliver(texts)) == (1, 0)


def test_same_message_is_sent_once(sender):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        for _ in range(2):
            delivery_jobs.deliver_later(sender.redis, "text.received", {}, id="msg_same")
            sender.deliver(id)
    assert len(there.requests) == 1


def test_huge_response_counts_as_delivered(sender):
    def behave(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + bytes(1_000_000))

    with receiver(behave) as there:
        id = sender.subscribe(there)
        message = sender.publish()
        sender.deliver(id)
    assert (sender.state(message, id), len(sender.attempts(id)[0].response_body)) == ("delivered", 2_000)


def test_private_address_disables_the_endpoint(sender):
    inside = HttpClient(allow_loopback=True, resolver=leads_to("10.0.0.1"))
    id = stored_endpoints.create(sender.redis, inside, SEAL, "https://inside.test/").id
    sender.publish()
    delivery_jobs.enqueue_due(sender.redis)
    message_delivery.deliver(sender.redis, inside, SEAL, id)
    (row,) = sender.attempts(id)
    assert (row.cause, row.status, stored_endpoints.load(sender.redis, id).state) == ("blocked", 0, "disabled")


def test_410_of_the_fallback_does_not_disable_the_endpoint(sender):
    with receiver(answers(GONE)) as there:
        id = sender.subscribe(there, fallback_url=f"http://second.test:{there.port}/spare")
        stored_endpoints.update(sender.redis, sender.client, SEAL, id, http=True, url="http://receiver.test:1/hook")
        message = sender.publish()
        sender.deliver(id)
    assert sender.attempts(id)[-1].status == 410
    assert (sender.state(message, id), stored_endpoints.load(sender.redis, id).state) == ("waiting", "enabled")


def test_fallback_gets_the_signed_message(sender):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there, fallback_url=f"http://second.test:{there.port}/spare")
        closed = "http://receiver.test:1/hook"
        stored_endpoints.update(sender.redis, sender.client, SEAL, id, http=True, url=closed)
        message = sender.publish()
        sender.deliver(id)
    rows = sender.attempts(id)
    assert [(row.used_fallback, row.cause) for row in rows] == [(False, "connect"), (False, "connect"), (True, "")]
    assert sender.state(message, id) == "delivered"
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    standardwebhooks.Webhook(sender.secret(id)).verify(body, headers)
    assert headers["webhook-fallback"] == "connect"


def test_paused_endpoint_gets_the_messages_after_resuming(sender):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there)
        stored_endpoints.pause(sender.redis, id)
        sender.publish()
        assert sender.deliver(id) == 0
        stored_endpoints.resume(sender.redis, id)
        assert sender.deliver(id) == 1


def test_sweep_enqueues_few_jobs_once(sender):
    with receiver(answers(OK)) as there:
        ids = [sender.subscribe(there) for _ in range(45)]
        sender.publish()
        assert delivery_jobs.enqueue_due(sender.redis) == 3
        assert delivery_jobs.enqueue_due(sender.redis) == 0
    jobs = delivery_jobs.get_queue(sender.redis).jobs
    assert sorted(id for job in jobs for id in job.args[0]) == sorted(ids)


def test_many_endpoints_share_four_jobs(sender):
    with receiver(answers(OK)) as there:
        ids = [sender.subscribe(there) for _ in range(101)]
        sender.publish()
        assert delivery_jobs.enqueue_due(sender.redis) == 4
    jobs = delivery_jobs.get_queue(sender.redis).jobs
    assert sorted(id for job in jobs for id in job.args[0]) == sorted(ids)


def test_job_delivers_to_all_its_endpoints(sender, monkeypatch):
    monkeypatch.setattr(delivery_jobs, "_get_sender", lambda: (sender.client, SEAL, {"http": True}))
    with receiver(answers(OK)) as there:
        ids = [sender.subscribe(there) for _ in range(5)]
        sender.publish()
        delivery_jobs.enqueue_due(sender.redis)
        worker = SimpleWorker(
            [delivery_jobs.get_queue(sender.redis)], connection=sender.redis, serializer=JSONSerializer
        )
        worker.work(burst=True, logging_level="ERROR")
    assert len(there.requests) == 5
    assert [len(sender.attempts(id)) for id in ids] == [1] * 5
    assert sender.redis.zcard("endpoints:due") == 0
