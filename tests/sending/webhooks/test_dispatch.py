"""A webhook goes, signed, to those who want to hear of it, and to nobody else."""

import standardwebhooks
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from sending.http.client import HttpClient
from sending.webhooks import delivery, dispatch, endpoints
from tests.support.receivers import OK, answers, leads_to, read_request, receiver
from tests.support.webhook_sender import GONE, SEAL


def test_a_receiver_that_knows_the_specification_accepts_it(house):
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


def test_only_those_who_want_it_hear_of_it(house):
    with receiver(answers(OK)) as there:
        calls, texts = (
            house.subscribes(there, event_types=("call.*",)),
            house.subscribes(there, event_types=("text.*",)),
        )
        house.says("call.ended", seconds=3)
        assert (house.sends(calls), house.sends(texts)) == (1, 0)


def test_a_message_said_twice_is_sent_once(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        for _ in range(2):
            dispatch.deliver_later(house.redis, "text.received", {}, id="msg_same")
            house.sends(id)
    assert len(there.requests) == 1


def test_a_hundred_megabytes_of_answer_are_a_delivery(house):
    def behave(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + bytes(1_000_000))

    with receiver(behave) as there:
        id = house.subscribes(there)
        message = house.says()
        house.sends(id)
    assert (house.state(message, id), len(house.attempts(id)[0].response_body)) == ("delivered", 2_000)


def test_an_address_that_leads_inside_is_stopped_and_nothing_was_sent(house):
    inside = HttpClient(allow_loopback=True, resolver=leads_to("10.0.0.1"))
    id = endpoints.create(house.redis, inside, SEAL, "https://inside.test/").id
    house.says()
    dispatch.enqueue_due(house.redis)
    delivery.deliver(house.redis, inside, SEAL, id)
    (row,) = house.attempts(id)
    assert (row.cause, row.status, endpoints.load(house.redis, id).state) == ("blocked", 0, "disabled")


def test_a_fallback_that_is_gone_does_not_stop_the_endpoint(house):
    with receiver(answers(GONE)) as there:
        id = house.subscribes(there, fallback_url=f"http://second.test:{there.port}/spare")
        endpoints.update(house.redis, house.client, SEAL, id, http=True, url="http://receiver.test:1/hook")
        message = house.says()
        house.sends(id)
    assert house.attempts(id)[-1].status == 410
    assert (house.state(message, id), endpoints.load(house.redis, id).state) == ("waiting", "enabled")


def test_a_fallback_gets_it_signed_alike_when_the_first_cannot_be_reached(house):
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


def test_a_paused_subscriber_hears_later_what_it_missed(house):
    with receiver(answers(OK)) as there:
        id = house.subscribes(there)
        endpoints.pause(house.redis, id)
        house.says()
        assert house.sends(id) == 0
        endpoints.resume(house.redis, id)
        assert house.sends(id) == 1


def test_the_sweep_makes_few_jobs_for_many_and_none_twice(house):
    with receiver(answers(OK)) as there:
        ids = [house.subscribes(there) for _ in range(45)]
        house.says()
        assert dispatch.enqueue_due(house.redis) == 3
        assert dispatch.enqueue_due(house.redis) == 0
    jobs = dispatch.get_queue(house.redis).jobs
    assert sorted(id for job in jobs for id in job.args[0]) == sorted(ids)


def test_a_crowd_shares_four_jobs(house):
    with receiver(answers(OK)) as there:
        ids = [house.subscribes(there) for _ in range(101)]
        house.says()
        assert dispatch.enqueue_due(house.redis) == 4
    jobs = dispatch.get_queue(house.redis).jobs
    assert sorted(id for job in jobs for id in job.args[0]) == sorted(ids)


def test_a_job_sends_to_all_it_was_given(house, monkeypatch):
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
