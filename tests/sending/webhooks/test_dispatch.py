"""Signed webhooks reach the endpoints that subscribed to the event, and no others."""

import standardwebhooks
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from sending.http.client import HttpClient
from sending.webhooks import delivery, dispatch, endpoints
from tests.support.receivers import OK, answers, leads_to, read_request, receiver
from tests.support.webhook_sender import GONE, SEAL


def test_standard_webhooks_library_accepts_the_request(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        message = house.says(words="grüezi")
        assert house.sends(id) == 1
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    secret = house.secret(id)
    event = standardwebhooks.Webhook(secret).verify(body, headers)
    assert (event["type"], event["data"]) == ("text.received", {"words": "grüezi"})
    assert (headers["webhook-id"], headers["webhook-sequence"]) == (message, "1")
    assert headers["Content-Type"] == "application/json"
    assert (house.state(message, id), house.told()) == ("delivered", ["webhook.delivered"])


def test_only_subscribed_endpoints_get_the_message(house):
    with receiver(answers(OK)) as there:
        calls, texts = (
            house.subscribes(there, event_types=("call.*",)),
            house.subscribes(there, event_types=("text.*",)),
        )
        house.says("call.ended", seconds=3)
        assert (house.sends(calls), house.sends(texts)) == (1, 0)


def test_same_message_is_sent_once(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        for _ in range(2):
            dispatch.deliver_later(house.redis, "text.received", {}, id="msg_same")
            house.sends(id)
    assert len(there.requests) == 1


def test_huge_response_counts_as_delivered(house):
    def behave(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + bytes(1_000_000))

    with receiver(behave) as there:
        id = house.subscribes(there)
        message = house.says()
        house.sends(id)
    assert (house.state(message, id), len(house.attempts(id)[0].response_body)) == ("delivered", 2_000)


def test_private_address_disables_the_endpoint(house):
    inside = HttpClient(allow_loopback=True, resolver=leads_to("10.0.0.1"))
    id = endpoints.create(house.redis, inside, SEAL, "https://inside.test/").id
    house.says()
    dispatch.enqueue_due(house.redis)
    delivery.deliver(house.redis, inside, SEAL, id)
    (row,) = house.attempts(id)
    assert (row.cause, row.status, endpoints.load(house.redis, id).state) == ("blocked", 0, "disabled")


def test_410_of_the_fallback_does_not_disable_the_endpoint(house):
    with receiver(answers(GONE)) as there:
        id = house.subscribes(there, fallback_url=f"http://second.test:{there.port}/spare")
        endpoints.update(house.redis, house.client, SEAL, id, http=True, url="http://receiver.test:1/hook")
        message = house.says()
        house.sends(id)
    assert house.attempts(id)[-1].status == 410
    assert (house.state(message, id), endpoints.load(house.redis, id).state) == ("waiting", "enabled")


def test_fallback_gets_the_signed_message(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there, fallback_url=f"http://second.test:{there.port}/spare")
        closed = "http://receiver.test:1/hook"
        endpoints.update(house.redis, house.client, SEAL, id, http=True, url=closed)
        message = house.says()
        house.sends(id)
    rows = house.attempts(id)
    assert [(row.used_fallback, row.cause) for row in rows] == [(False, "connect"), (False, "connect"), (True, "")]
    assert house.state(message, id) == "delivered"
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    standardwebhooks.Webhook(house.secret(id)).verify(body, headers)
    assert headers["webhook-fallback"] == "connect"


def test_paused_endpoint_gets_the_messages_after_resuming(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        endpoints.pause(house.redis, id)
        house.says()
        assert house.sends(id) == 0
        endpoints.resume(house.redis, id)
        assert house.sends(id) == 1


def test_sweep_enqueues_few_jobs_once(house):
    with receiver(answers(OK)) as there:
        ids = [house.subscribes(there) for _ in range(45)]
        house.says()
        assert dispatch.enqueue_due(house.redis) == 3
        assert dispatch.enqueue_due(house.redis) == 0
    jobs = dispatch.get_queue(house.redis).jobs
    assert sorted(id for job in jobs for id in job.args[0]) == sorted(ids)


def test_many_endpoints_share_four_jobs(house):
    with receiver(answers(OK)) as there:
        ids = [house.subscribes(there) for _ in range(101)]
        house.says()
        assert dispatch.enqueue_due(house.redis) == 4
    jobs = dispatch.get_queue(house.redis).jobs
    assert sorted(id for job in jobs for id in job.args[0]) == sorted(ids)


def test_job_delivers_to_all_its_endpoints(house, monkeypatch):
    monkeypatch.setattr(dispatch, "_get_sender", lambda: (house.client, SEAL, {"http": True}))
    with receiver(answers(OK)) as there:
        ids = [house.subscribes(there) for _ in range(5)]
        house.says()
        dispatch.enqueue_due(house.redis)
        worker = SimpleWorker([dispatch.get_queue(house.redis)], connection=house.redis, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="ERROR")
    assert len(there.requests) == 5
    assert [len(house.attempts(id)) for id in ids] == [1] * 5
    assert house.redis.zcard("endpoints:due") == 0
