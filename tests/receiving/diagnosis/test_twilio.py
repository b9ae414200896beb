"""Common mistakes in verifying Twilio's signature, and what the presenter reads about each."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiving.delivery import Delivery
from receiving.diagnosis.twilio import PREFLIGHT_CALL_SID, explain
from tests.support.twilio_requests import FORM, URL, accepted, example_settings, signed, with_example_token


@pytest.fixture
def settings(settings):
    return with_example_token(settings)


@given(
    st.binary(max_size=200), st.text(st.characters(max_codepoint=255), max_size=60), st.sampled_from(["POST", "GET"])
)
def test_arbitrary_request_is_rejected_and_explained(body, signature, method):
    headers = {"content-type": FORM, "x-twilio-signature": signature}
    delivery = Delivery(method, "https://talk.example/sms?" + body.decode("latin-1"), headers, body)
    assert not accepted(delivery, example_settings())
    assert explain(delivery, example_settings())


@pytest.mark.parametrize(
    ("seen", "signed_for", "headers", "words"),
    [
        ("http://talk.example/sms", "https://talk.example/sms", {}, "signed for https"),
        ("http://talk.example:8000/sms", "http://talk.example/sms", {}, "without the port"),
        ("https://talk.example/sms/", "https://talk.example/sms", {}, "trailing slash"),
        (
            "http://inner:8000/sms",
            "https://talk.example/sms",
            {"x-forwarded-host": "talk.example"},
            "host talk.example",
        ),
        ("https://talk.example/sms?a=it's", "https://talk.example/sms?a=it%27s", {}, "decoded the URL"),
        ("https://talk.example/sms?b=1&a=2", "https://talk.example/sms?a=2&b=1", {}, "changed the order"),
    ],
)
def test_usual_mistakes_are_explained(seen, signed_for, headers, words, settings):
    delivery = replace(signed(signed_for, **headers), url=seen)
    assert words in str(explain(delivery, settings))


def test_missing_signature_is_explained(settings):
    assert "X-Twilio-Signature" in str(explain(Delivery("POST", URL, {}, b""), settings))


def test_trimmed_fields_are_explained(settings):
    delivery = signed(fields=[("Body", "hi")])
    padded = replace(delivery, body=urlencode([("Body", " hi ")]).encode())
    assert "white space" in str(explain(padded, settings))
    assert parse_qsl(padded.body.decode()) == [("Body", " hi ")]


def test_request_with_which_preflight_checks_the_signature_is_explained(settings):
    found = explain(signed(token="a wrong token", fields=[("CallSid", PREFLIGHT_CALL_SID)]), settings)
    assert "Preflight" in str(found) and "nothing needs to be done" in found.fix


def test_forgery_has_no_explanation(settings):
    assert "no common mistake" in str(explain(signed(token="guess"), settings))
