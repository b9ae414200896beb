"""The REST API: the app places calls."""

from datetime import UTC, datetime, timedelta

import pytest

from ringback.testing.waiting import eventually
from support.exchange import NUMBER
from support.rest_errors import refused


def test_app_places_a_call_that_is_answered(app, client, ada):
    app.answers["/hello"] = "<Response><Say>Hello from the app</Say></Response>"
    app.answers["/status"] = ""
    call = client.calls.create(
        to=ada.number,
        from_=NUMBER,
        url=f"{app.origin}/hello",
        status_callback=f"{app.origin}/status",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    assert (call.status, call.direction) == ("queued", "outbound-api")
    ada.answers()
    ada.hears("Hello from the app")
    ada.is_left_with("completed")
    told = app.was_asked("/status", times=4)
    by_number = sorted(told, key=lambda asked: int(asked["SequenceNumber"]))
    assert [asked["CallStatus"] for asked in by_number] == ["initiated", "ringing", "in-progress", "completed"]
    asked = app.at("/hello")[0]
    assert (asked["Direction"], asked["CallStatus"], asked["To"]) == ("outbound-api", "in-progress", ada.number)
    assert app.at("/done") == []
    done = client.calls(call.sid).fetch()
    assert (done.status, done.duration, done.to_formatted) == ("completed", "0", ada.number)


def test_digits_are_sent_to_the_phone_that_answers(client, ada):
    twiml = "<Response><Say>Hello</Say></Response>"
    client.calls.create(to=ada.number, from_=NUMBER, send_digits="ww12#", twiml=twiml)
    ada.answers()
    ada.hears("Hello")
    assert [item["digits"] for item in ada.call()["heard"] if item["verb"] == "Tones"] == ["ww12#"]


def test_call_can_be_created_with_inline_twiml(client, ada):
    client.calls.create(to=ada.number, from_=NUMBER, twiml="<Response><Say>Inline</Say></Response>")
    ada.answers()
    ada.hears("Inline")


def test_inline_twiml_cannot_use_relative_urls(exchange, client, ada):
    client.calls.create(to=ada.number, from_=NUMBER, twiml="<Response><Redirect>/next</Redirect></Response>")
    ada.answers()
    exchange.warns(15004)
    ada.hears("We are sorry, an application error has occurred. Goodbye.")


@pytest.mark.parametrize(
    ("behaviour", "status"), [("busy", "busy"), ("fails", "failed"), ("answers", "completed"), ("machine", "completed")]
)
def test_final_status_depends_on_the_phone(client, ada, behaviour, status):
    ada.behaves(behaviour)
    call = client.calls.create(to=ada.number, from_=NUMBER, twiml="<Response/>")
    eventually(lambda: client.calls(call.sid).fetch().status == status)


def test_answering_machine_is_detected(app, client, ada):
    app.answers["/hello"] = "<Response/>"
    ada.behaves("machine")
    client.calls.create(to=ada.number, from_=NUMBER, url=f"{app.origin}/hello", machine_detection="Enable")
    assert app.was_asked("/hello")[0]["AnsweredBy"] == "machine_start"


def test_unanswered_call_ends_as_no_answer(exchange, client, ada):
    call = client.calls.create(to=ada.number, from_=NUMBER, twiml="<Response/>", timeout=20)
    eventually(lambda: client.calls(call.sid).fetch().status == "ringing")
    exchange.time_passes(20)
    eventually(lambda: client.calls(call.sid).fetch().status == "no-answer")


def test_declined_call_is_busy(exchange, client, ada):
    call = client.calls.create(to=ada.number, from_=NUMBER, twiml="<Response/>")
    eventually(lambda: client.calls(call.sid).fetch().status == "ringing")
    ada.sid = call.sid
    ada.hangs_up()
    assert client.calls(call.sid).fetch().status == "busy"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"to": ""}, 21201),
        ({"to": "x"}, 21211),
        ({"from_": ""}, 21213),
        ({"from_": "x"}, 21212),
        ({"from_": "+15550001111"}, 21210),
        ({"url": "nowhere"}, 21205),
        ({"url": ""}, 21205),
        ({"url": "", "twiml": "x" * 4001}, 32018),
        ({"timeout": 601}, 21208),
        ({"time_limit": 86401}, 20001),
        ({"method": "PUT"}, 21209),
        ({"send_digits": "x"}, 21206),
        ({"status_callback_event": ["eaten"]}, 21626),
    ],
)
def test_impossible_call_is_rejected_with_the_error_code(client, ada, wrong, code):
    good = {"to": ada.number, "from_": NUMBER, "url": "http://h.example/"}
    assert refused(client.calls.create, **good | wrong) == (400, code)


def test_calls_can_be_filtered(app, client, ada, ben):
    app.answers["/voice"] = "<Response/>"
    ada.dials()
    ada.is_left_with("completed")
    ben.dials()
    ben.is_left_with("completed")
    assert [call.sid for call in client.calls.list(from_=ada.number)] == [ada.sid]
    assert len(client.calls.list(to=NUMBER, status="completed")) == 2
    assert client.calls.list(status="busy") == []
    assert len(client.calls.list(start_time_after=datetime.now(UTC) - timedelta(minutes=1))) == 2
