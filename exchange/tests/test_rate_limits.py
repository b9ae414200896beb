"""Rate limits of numbers and accounts."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException

from ringback.rest import messages
from ringback.testing.waiting import eventually
from support.exchange import NUMBER


@pytest.fixture
def options():
    return {"segments_a_second": 1.0, "calls_a_second": 1.0}


@pytest.fixture
def stopped(exchange):
    """The clock stands still unless the test lets time pass."""
    exchange.loop.call_soon_threadsafe(exchange.state.clock.stop)
    eventually(lambda: exchange.state.clock.stopped_at is not None)
    return exchange


def test_texts_are_sent_in_order_at_one_segment_per_second(stopped, ada):
    twilio = stopped.client()
    for body in ("one", "x" * 200, "three"):
        twilio.messages.create(to=ada.number, from_=NUMBER, body=body)
    stopped.time_passes(0.5)
    ada.gets("one")
    assert [text.status for text in twilio.messages.list()] == ["queued", "queued", "delivered"]
    stopped.time_passes(1)
    ada.gets("one", "x" * 200)
    stopped.time_passes(1)
    assert len(ada.inbox()) == 2
    stopped.time_passes(1)
    ada.gets("one", "x" * 200, "three")


def test_full_queue_rejects_texts(stopped, ada, monkeypatch):
    monkeypatch.setattr(messages, "MAX_QUEUE_SECONDS", 2)
    twilio = stopped.client()
    for _ in range(3):
        twilio.messages.create(to=ada.number, from_=NUMBER, body="hello")
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to=ada.number, from_=NUMBER, body="hello")
    assert refused.value.code == 21611


def test_calls_start_at_one_per_second(stopped, app, ada, ben):
    twilio = stopped.client()
    calls = [
        twilio.calls.create(to=person.number, from_=NUMBER, twiml="<Response><Say>Hi</Say></Response>")
        for person in (ada, ben)
    ]
    ada.sid, ben.sid = (call.sid for call in calls)
    ada.is_left_with("ringing")
    assert ben.call()["status"] == "queued"
    stopped.time_passes(1)
    ben.is_left_with("ringing")


def test_call_canceled_in_the_queue_has_no_status_callback(stopped, app, ada, ben):
    app.answers["/first"] = app.answers["/second"] = ""
    twilio = stopped.client()
    for person, path in ((ada, "/first"), (ben, "/second")):
        callback = {"status_callback": app.origin + path}
        call = twilio.calls.create(to=person.number, from_=NUMBER, twiml="<Response/>", **callback)
    assert twilio.calls(call.sid).update(status="canceled").status == "canceled"
    stopped.time_passes(61)
    app.was_asked("/first")
    assert app.at("/second") == []
