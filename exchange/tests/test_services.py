"""Messaging Services choose the sender."""

import pytest
from twilio.base.exceptions import TwilioRestException

from ringback.testing.waiting import eventually
from support.exchange import NUMBER

SERVICE = "MG" + "c" * 32


def test_text_through_a_service_starts_as_accepted(app, exchange, ada):
    client = exchange.client()
    app.answers["/status"] = ""
    sent = client.messages.create(
        to=ada.number, messaging_service_sid=SERVICE, body="Hi", status_callback=f"{app.origin}/status"
    )
    assert (sent.status, sent.from_, sent.num_segments, sent.messaging_service_sid) == ("accepted", None, "0", SERVICE)
    ada.gets("Hi")
    told = app.was_asked("/status", times=3)
    assert sorted(asked["MessageStatus"] for asked in told) == ["delivered", "queued", "sent"]
    assert {asked["MessagingServiceSid"] for asked in told} == {SERVICE}
    eventually(lambda: client.messages(sent.sid).fetch().from_ == NUMBER)


def test_text_with_an_explicit_sender_starts_as_queued(exchange, ada):
    sent = exchange.client().messages.create(to=ada.number, from_=NUMBER, messaging_service_sid=SERVICE, body="Hi")
    assert (sent.status, sent.from_) == ("queued", NUMBER)


def test_unknown_service_is_rejected(exchange, ada):
    with pytest.raises(TwilioRestException) as caught:
        exchange.client().messages.create(to=ada.number, messaging_service_sid="MG1", body="Hi")
    assert caught.value.code == 21705
