"""The From of a message: a number, a Messaging Service, or an alphanumeric sender ID."""

from datetime import timedelta

import pytest
from twilio.base.exceptions import TwilioRestException

from support.exchange import NUMBER

SERVICE = "MG" + "c" * 32


def refusal(client, **message):
    with pytest.raises(TwilioRestException) as caught:
        client.messages.create(**message)
    return caught.value.status, caught.value.code


def test_service_can_be_the_from(client, ada):
    sent = client.messages.create(to=ada.number, from_=SERVICE, body="Hi")
    assert (sent.status, sent.from_, sent.messaging_service_sid) == ("accepted", None, SERVICE)
    ada.gets("Hi")


def test_service_as_from_can_schedule(client, exchange, ada):
    later = exchange.state.clock.now() + timedelta(hours=1)
    sent = client.messages.create(to=ada.number, from_=SERVICE, body="Hi", schedule_type="fixed", send_at=later)
    assert sent.status == "scheduled"


def test_malformed_service_is_no_sender(client, ada):
    assert refusal(client, to=ada.number, from_=SERVICE[:-1], body="Hi") == (400, 21212)


@pytest.mark.parametrize("sender", ["CallResp", "Zeus 12", "A", "Zeus The Me", "a-b_c+d&e"])
def test_alphanumeric_sender_is_accepted(client, ada, sender):
    assert client.messages.create(to=ada.number, from_=sender, body="Hi").from_ == sender
    ada.gets("Hi")


@pytest.mark.parametrize("sender", ["Zeus The Mighty", "12345678", "Zeus!", "Zeüs", "x" * 12])
def test_other_sender_is_rejected(client, ada, sender):
    assert refusal(client, to=ada.number, from_=sender, body="Hi") in ((400, 21212), (400, 21606))


def test_alphanumeric_sender_does_not_reach_north_america(client):
    assert refusal(client, to="+15550001111", from_="CallResp", body="Hi") == (400, 21612)


def test_alphanumeric_sender_cannot_receive_a_reply(client, exchange, ada):
    client.messages.create(to=ada.number, from_="CallResp", body="Hi")
    ada.gets("Hi")
    status, words = exchange.refuses(f"{ada.door}/texts", {"to": "CallResp", "body": "Who?"})
    assert (status, words) == (
        400,
        f"to: 'CallResp' is not a phone number. Use a number like {NUMBER}; a sender name cannot receive texts.",
    )


def test_alphanumeric_sender_cannot_call(client, ada):
    with pytest.raises(TwilioRestException) as caught:
        client.calls.create(to=ada.number, from_="CallResp", twiml="<Response/>")
    assert caught.value.code == 21212
