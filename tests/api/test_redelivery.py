"""Redelivery through the API: messages, recovery of a period, examples, thin payloads."""

import json
import time

import jsonschema_rs
import pytest
from rq import SimpleWorker

from sending.http.client import HttpClient
from sending.webhooks import delivery_jobs, event_schemas, message_delivery, payloads
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue import messages
from sending.webhooks.webhook_request import WebhookMessage
from tests.support.endpoint_api import AUTHORIZED, URL, is_a_problem
from tests.support.webhook_sender import store_message


def test_attempts_are_listed_and_a_message_is_sent_again(program, id, redis, seal):
    message = delivery_jobs.deliver_later(redis, "text.received", {})
    delivery_jobs.enqueue_due(redis)
    message_delivery.deliver(redis, HttpClient(resolver=lambda *_: []), seal, id)
    (attempt,) = program("GET", f"/{id}/attempts").json["attempts"]
    assert (attempt["message"], attempt["cause"]) == (message, "dns")
    assert program("POST", f"/{id}/resend", message=message).status_code == 202
    assert is_a_problem(program("POST", f"/{id}/resend", message="msg_unknown"), 404)


def a_dead_letter(redis, id, kind="call.ended"):
    data = {"subject": "CA1", "status": "completed", "seconds": 4.0}
    return store_message(redis, kind, data, dead_at=time.time() - 60, endpoint=id)


def test_recovery_resends_failures_and_reports_progress(program, id, redis):
    for _ in range(3):
        a_dead_letter(redis, id)
    dead = program("GET", f"/{id}/dead").json
    assert (dead["count"], [letter["event_type"] for letter in dead["dead"]]) == (3, ["call.ended"] * 3)
    begun = program("POST", f"/{id}/recover", since=time.time() - 3600)
    assert (begun.status_code, begun.json["state"]) == (202, "waiting")
    queue = delivery_jobs.get_queue(redis)
    SimpleWorker([queue], connection=redis, serializer=queue.serializer).work(burst=True, logging_level="ERROR")
    seen = program("GET", f"/{id}/recoveries/{begun.json['recovery']}").json
    assert (seen["state"], seen["done"], seen["total"]) == ("done", 3, 3)
    assert program("GET", f"/{id}/dead").json == {"count": 0, "dead": []}
    assert redis.zcard(f"endpoint:{id}:due") == 3


def test_recovery_belongs_to_one_endpoint(program, id):
    other = program("POST", url=URL).json["id"]
    begun = program("POST", f"/{id}/recover", since=0).json["recovery"]
    assert is_a_problem(program("GET", f"/{other}/recoveries/{begun}"), 404)


def test_outcomes_of_a_run_are_not_a_recovery(program, id, redis):
    redis.rpush("run:0123456789ab:outcomes", "[]")
    redis.expire("run:0123456789ab:outcomes", 60)
    assert program("GET", f"/{id}/recoveries/0123456789ab:outcomes").status_code == 404


def test_disabled_endpoint_refuses_redelivery_with_advice(program, id, redis):
    message = a_dead_letter(redis, id)
    stored_endpoints.disable(redis, id, "The endpoint returned 410 Gone, so we disabled it.")
    for door, body in (
        ("resend", {"message": message}),
        ("recover", {"since": 0}),
        ("example", {"event_type": "call.ended"}),
    ):
        answer = program("POST", f"/{id}/{door}", **body)
        assert is_a_problem(answer, 409)
        assert "Resume it first" in answer.json["detail"]


def test_example_ignores_the_event_types(program, id, redis):
    sent = program("POST", f"/{id}/example", event_type="call.ended")
    assert sent.status_code == 202
    assert redis.zrange(f"endpoint:{id}:due", 0, -1) == [sent.json["message"].encode()]


def test_event_of_a_thin_payload_can_be_fetched_with_the_token(api, program, id, redis):
    assert program("PATCH", f"/{id}", payload_style="thin").json["payload_style"] == "thin"
    message = store_message(redis, "call.ended", {"subject": "CA1", "status": "completed", "seconds": 4.0})
    whole = WebhookMessage(message, "call.ended", messages.load_body(redis, message), 1, 1)
    thin = json.loads(payloads.build_payload(whole, stored_endpoints.load(redis, id), "https://talk.example").body)
    path = thin["data"]["url"].removeprefix("https://talk.example")
    fetched = api.test_client().get(path, headers=AUTHORIZED)
    assert fetched.json == json.loads(whole.body)
    jsonschema_rs.validate(event_schemas.build_schema("call.ended"), fetched.json)
    assert is_a_problem(api.test_client().get(path), 401)
    assert is_a_problem(api.test_client().get(f"{path}0", headers=AUTHORIZED), 404)
    again = api.test_client().get(path, headers={**AUTHORIZED, "If-None-Match": fetched.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")  # what happened does not change
    assert "private" in again.headers["Cache-Control"]


@pytest.mark.parametrize("since", [None, "yesterday", True, -1, 1e300])
def test_invalid_time_is_refused(program, id, since):
    assert is_a_problem(program("POST", f"/{id}/recover", since=since), 422)
