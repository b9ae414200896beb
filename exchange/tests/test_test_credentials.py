"""Test credentials: requests are validated, have no effect, and magic numbers fail."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from ringback.rest.test_credentials import VALID_NUMBER

TEST_SID, TEST_TOKEN = "AC" + "b" * 32, "the test token"


@pytest.fixture
def options():
    return {"test_credentials": (TEST_SID, TEST_TOKEN)}


@pytest.fixture
def rehearsing(exchange):
    client = Client(TEST_SID, TEST_TOKEN)
    client.api.base_url = exchange.origin
    return client


def test_text_is_accepted_but_not_sent(exchange, rehearsing, ada):
    sent = rehearsing.messages.create(to=ada.number, from_=VALID_NUMBER, body="hello")
    assert (sent.status, sent.account_sid, sent.error_code) == ("queued", TEST_SID, None)
    assert exchange.client().messages.list() == []
    assert ada.inbox() == []


def test_call_is_accepted_but_not_placed(exchange, rehearsing, ada):
    made = rehearsing.calls.create(to=ada.number, from_=VALID_NUMBER, twiml="<Response/>")
    assert (made.status, made.account_sid) == ("queued", TEST_SID)
    assert exchange.client().calls.list() == []


def test_number_purchase_has_no_effect(exchange, rehearsing):
    assert rehearsing.incoming_phone_numbers.create(phone_number=VALID_NUMBER).phone_number == VALID_NUMBER
    assert rehearsing.incoming_phone_numbers.create(area_code="500").phone_number == VALID_NUMBER
    assert VALID_NUMBER not in [number.phone_number for number in exchange.client().incoming_phone_numbers.list()]


@pytest.mark.parametrize(
    ("what", "given", "code"),
    [
        ("messages", {"from_": "+15005550001"}, 21212),
        ("messages", {"from_": "+15005550007"}, 21606),
        ("messages", {"from_": "+15005550008"}, 21611),
        ("messages", {"from_": "+441632960000"}, 21606),
        ("messages", {"to": "+15005550001"}, 21211),
        ("messages", {"to": "+15005550002"}, 21612),
        ("messages", {"to": "+15005550003"}, 21408),
        ("messages", {"to": "+15005550004"}, 21610),
        ("messages", {"to": "+15005550009"}, 21614),
        ("messages", {"body": ""}, 21602),
        ("calls", {"from_": "+15005550001"}, 21212),
        ("calls", {"from_": "+441632960000"}, 21210),
        ("calls", {"to": "+15005550001"}, 21217),
        ("calls", {"to": "+15005550002"}, 21214),
        ("calls", {"to": "+15005550003"}, 21215),
        ("calls", {"to": "+15005550004"}, 21216),
        ("calls", {"twiml": ""}, 21205),
        ("incoming_phone_numbers", {"phone_number": "+15005550000"}, 21422),
        ("incoming_phone_numbers", {"phone_number": "+15005550001"}, 21421),
        ("incoming_phone_numbers", {"area_code": "533"}, 21452),
    ],
)
def test_magic_numbers_fail_with_their_error_codes(rehearsing, what, given, code):
    good = {
        "messages": {"to": "+441632960001", "from_": VALID_NUMBER, "body": "hello"},
        "calls": {"to": "+441632960001", "from_": VALID_NUMBER, "twiml": "<Response/>"},
        "incoming_phone_numbers": {},
    }
    with pytest.raises(TwilioRestException) as refused:
        getattr(rehearsing, what).create(**good[what] | given)
    assert refused.value.code == code


def test_other_resources_are_forbidden(exchange, rehearsing):
    for resource in (rehearsing.messages("SM" + "0" * 32), rehearsing.calls("CA" + "0" * 32), rehearsing.api.account):
        with pytest.raises(TwilioRestException) as refused:
            resource.fetch()
        assert (refused.value.status, refused.value.code) == (403, 20008)


def test_token_of_one_account_is_invalid_for_the_other(exchange):
    for sid, token in ((TEST_SID, "the token of the tests"), ("AC" + "a" * 32, TEST_TOKEN)):
        client = Client(sid, token)
        client.api.base_url = exchange.origin
        with pytest.raises(TwilioRestException) as refused:
            client.messages.create(to="+441632960001", from_=VALID_NUMBER, body="hello")
        assert refused.value.status == 401
