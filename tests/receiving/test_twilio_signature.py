"""Twilio's signature: https://www.twilio.com/docs/usage/security"""

import hashlib
import time
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

import config
from receiving import twilio_signature
from receiving.delivery import from_request
from tests.support.twilio_requests import (
    FIELDS,
    TOKEN,
    URL,
    accepted,
    example_settings,
    signed,
    with_example_token,
)
from web.request_body_limits import MAX_TWILIO_BODY_BYTES

BODY = b'{"property": "value", "boolean": true}'
BODY_URL = URL + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


@pytest.fixture
def settings(settings):
    return with_example_token(settings)


@pytest.mark.parametrize(
    ("url", "fields", "signature"),
    [
        (URL, FIELDS, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", FIELDS, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        (BODY_URL, [], "a9nBmqA0ju/hNViExpshrM61xv4="),
        (
            URL,
            [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
        (
            URL,
            [("Body", "Café ☕ 日本"), ("From", "+14158675309"), ("MessageSid", "SM1"), ("To", "+18005551212")],
            "xv9U536jF7auNHQCgEVMqeb8isM=",
        ),
        (URL, [("AccountSid", "AC1"), ("Body", ""), ("CalledZip", ""), ("ToCity", "")], "RKIH0qJzJ3AvXeXUQ0TnX3zApyE="),
        (URL, [("Body", "  hi  \r\n"), ("From", "+1")], "ThmewGW60mSfdFjMhmbxyiVFkmw="),
        (
            "https://mycompany.com/myapp.php",
            [("aLower", "1"), ("Zed", "2"), ("Alpha", "3")],
            "uHtwmsfnkdKA9PfV+nn4PCu6kG8=",
        ),
    ],
)
def test_signature_matches_twilio_examples(url, fields, signature):
    assert twilio_signature.compute_signature(TOKEN, url, fields) == signature


def test_shared_key_signs_with_sha_256():
    assert (
        twilio_signature.compute_signature(TOKEN, URL, FIELDS, "HMAC_SHA256")
        == "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="
    )


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.tuples(texts.filter(bool), texts), max_size=8), texts)
def test_twilio_library_verifies_our_signature_of_any_form(fields, query):
    from werkzeug.datastructures import MultiDict

    url = "https://talk.example/sms?" + urlencode({"q": query})
    signature = twilio_signature.compute_signature(TOKEN, url, fields)
    assert RequestValidator(TOKEN).validate(url, MultiDict(fields), signature)


@pytest.mark.parametrize(
    "url",
    [
        "https://talk.example/voice/menu?doc=1&words=it%27s",
        "https://talk.example/voice/menu?words=caf%C3%A9",
        "https://talk.example/voice%2Fmenu?next=%2Fvoice",
        "https://talk.example/sms?",
    ],
)
def test_url_is_verified_as_sent(url, settings):
    assert accepted(signed(url), settings)


def test_request_target_is_taken_raw():
    environ = {"REQUEST_METHOD": "POST", "RAW_URI": "/a%2Fb?x=%27%C3%A9&x=%20", "HTTP_HOST": "inner:8000"}
    assert from_request(environ, b"", "https://talk.example").url == "https://talk.example/a%2Fb?x=%27%C3%A9&x=%20"


def test_repeated_parameters_are_accepted(settings):
    fields = [("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234"), ("From", "+1")]
    assert accepted(signed(fields=fields), settings)


@given(at=st.integers(min_value=0), bit=st.integers(0, 7), part=st.sampled_from(["url", "body", "signature"]))
def test_flipped_bit_is_rejected(at, bit, part):
    settings = example_settings()
    delivery = signed("https://talk.example/sms?doc=1&say=it%27s", [("Body", "Café +1 it's"), ("From", "+14158675309")])
    flipped = _flip(delivery, part, at, bit)
    same_form = flipped.form == delivery.form and part == "body"  # %c3 and %C3 are the same character
    assert accepted(flipped, settings) == same_form


def _flip(delivery, part, at, bit):
    def flip(data):
        data = bytearray(data)
        data[at % len(data)] ^= 1 << bit
        return bytes(data)

    if part == "body":
        return replace(delivery, body=flip(delivery.body))
    if part == "url":
        return replace(delivery, url=flip(delivery.url.encode()).decode("latin-1"))
    changed = flip(delivery.headers["x-twilio-signature"].encode()).decode("latin-1")
    return replace(delivery, headers={**delivery.headers, "x-twilio-signature": changed})


def test_get_is_signed_by_its_url(settings):
    url = "https://mycompany.com/myapp.php?foo=1&bar=2&CallSid=CA1234567890ABCDE&From=%2B14158675309"
    delivery = signed(url, [], method="GET", body=b"")
    assert accepted(delivery, settings)
    assert delivery["From"] == "+14158675309"


def test_signature_of_a_post_does_not_verify_a_get(settings):
    assert not accepted(replace(signed(), method="GET"), settings)


def test_json_body_is_verified_by_its_hash(settings):
    assert accepted(signed(BODY_URL, [], body=BODY), settings)
    assert not accepted(replace(signed(BODY_URL, [], body=BODY), body=BODY + b" "), settings)


def test_json_body_without_a_hash_is_rejected(settings):
    assert not accepted(signed(URL, [], body=BODY), settings)


def test_body_hash_ignores_case(settings):
    url = URL + "&bodySHA256=" + hashlib.sha256(BODY).hexdigest().upper()
    assert accepted(signed(url, [], body=BODY), settings)


def test_https_port_is_optional(settings):
    without = signed("https://talk.example/voice")
    assert accepted(replace(without, url="https://talk.example:8443/voice"), settings)
    assert accepted(signed("https://talk.example:8443/sms"), settings)


@pytest.mark.parametrize(
    ("seen", "signed_for"),
    [
        ("https://talk.example/sms", "https://talk.example:443/sms"),
        ("https://talk.example:443/sms", "https://talk.example/sms"),
        ("http://talk.example/sms", "http://talk.example:80/sms"),
        ("http://talk.example:8080/sms?a=1:2", "http://talk.example/sms?a=1:2"),
        ("http://[::1]/sms", "http://[::1]:80/sms"),
    ],
)
def test_port_is_optional_in_the_signed_url(settings, seen, signed_for):
    assert accepted(replace(signed(signed_for), url=seen), settings)


def test_only_the_default_port_is_added(settings):
    assert not accepted(replace(signed("http://talk.example:8000/voice"), url="http://talk.example/voice"), settings)


def test_first_of_two_body_hashes_counts(settings):
    right, wrong = hashlib.sha256(BODY).hexdigest(), "0" * 64
    for first, second, outcome in ((right, wrong, True), (wrong, right, False)):
        delivery = signed(f"{URL}&bodySHA256={first}&bodySHA256={second}", [], body=BODY)
        assert accepted(delivery, settings) == outcome
        theirs = RequestValidator(TOKEN).validate(delivery.url, BODY.decode(), delivery.headers["x-twilio-signature"])
        assert theirs == outcome


@pytest.mark.parametrize("count", [401, 5_000, 60_000])
def test_form_may_have_any_number_of_fields(settings, count):
    fields = [(f"{number:x}", "") for number in range(count)]
    delivery = signed(fields=fields)
    assert len(delivery.body) < MAX_TWILIO_BODY_BYTES * 2
    assert accepted(delivery, settings)


def test_verification_time_is_linear_in_the_number_of_fields(settings):
    def seconds(count):
        delivery = signed(fields=[(f"{number:06x}", "%") for number in range(count)])
        began = time.process_time()
        assert accepted(delivery, settings)
        return time.process_time() - began

    seconds(1_000)
    assert seconds(40_000) < 40 * max(seconds(4_000), 0.001)  # ten times as many; a square would be a hundred


def test_every_token_of_a_rotation_verifies(settings):
    both = replace(settings, twilio_auth_token=(config.Secret("newer"), config.Secret(TOKEN)))
    assert accepted(signed(), both)
    assert accepted(signed(token="newer"), both)
    assert not accepted(signed(token="other"), both)
