"""Twilio's signature: https://www.twilio.com/docs/usage/security"""

import hashlib
import time
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

import config
from app import create_app
from receiving import twilio_signature
from receiving.delivery import Delivery, from_request
from receiving.diagnosis.twilio import explain
from tests.support.environment import own_environment
from tests.support.person import TEXT_SID, WebhookPoster

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
BODY = b'{"property": "value", "boolean": true}'
BODY_URL = URL + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
FORM = "application/x-www-form-urlencoded"


def signed(url=URL, fields=FIELDS, token=TOKEN, method="POST", body=None, **headers):
    """A delivery as Twilio would send it."""
    body = urlencode(fields).encode() if body is None else body
    head = {"content-type": FORM if fields or not body else "application/json", **headers}
    signature = twilio_signature.compute_signature(token, url, fields if method == "POST" else [])
    return Delivery(method, url, {"x-twilio-signature": signature, **head}, body)


@pytest.fixture
def settings(settings):
    return replace(settings, twilio_auth_token=(config.Secret(TOKEN),))


def accepted(delivery, settings):
    try:
        twilio_signature.verify(delivery, settings)
    except twilio_signature.InvalidSignature:
        return False
    return True


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
    settings = _settings()
    delivery = signed("https://talk.example/sms?doc=1&say=it%27s", [("Body", "Café +1 it's"), ("From", "+14158675309")])
    flipped = _flip(delivery, part, at, bit)
    same_form = flipped.form == delivery.form and part == "body"  # %c3 and %C3 are the same character
    assert accepted(flipped, settings) == same_form


def _settings():

    loaded = config.load(own_environment() | {"REDIS_URL": "redis://x"})
    return replace(loaded, twilio_auth_token=(config.Secret(TOKEN),))


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


@given(
    st.binary(max_size=200), st.text(st.characters(max_codepoint=255), max_size=60), st.sampled_from(["POST", "GET"])
)
def test_arbitrary_request_is_rejected_and_explained(body, signature, method):
    headers = {"content-type": FORM, "x-twilio-signature": signature}
    delivery = Delivery(method, "https://talk.example/sms?" + body.decode("latin-1"), headers, body)
    assert not accepted(delivery, _settings())
    assert explain(delivery, _settings())


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
    assert len(delivery.body) < twilio_signature.MAX_BODY_BYTES * 2
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


class TestSharedKeys:
    """https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys"""

    @pytest.fixture
    def settings(self, settings):
        return replace(settings, twilio_shared_keys={"key_1": ("HMAC_SHA256", config.Secret("shared"))})

    def delivery(self, named, algorithm="HMAC_SHA256", secret="shared"):
        signature = twilio_signature.compute_signature(secret, URL, FIELDS, algorithm)
        return signed(
            **{"x-twilio-signature": signature, "x-twilio-webhooks-signature-settings": named},
        )

    def test_known_shared_key_is_accepted(self, settings):
        assert accepted(self.delivery("key=key_1,algorithm=HMAC_SHA256"), settings)

    def test_header_cannot_choose_a_weaker_algorithm(self, settings):
        assert not accepted(self.delivery("key=key_1,algorithm=HMAC_SHA1", "HMAC_SHA1"), settings)

    def test_unknown_shared_key_is_rejected(self, settings):
        assert not accepted(self.delivery("key=key_2,algorithm=HMAC_SHA256"), settings)

    @pytest.mark.parametrize("named", ["key=key_1, algorithm = hmac_sha256", " key = key_1 ,algorithm=HMAC_SHA256 ,"])
    def test_case_and_spaces_in_the_settings_header_are_ignored(self, settings, named):
        assert accepted(self.delivery(named), settings)

    @pytest.mark.parametrize("named", ["", ",", "key=key_2", "algorithm=", "algorithm=HMAC_SHA1"])
    def test_without_algorithm_the_auth_token_verifies(self, settings, named):
        assert accepted(self.delivery(named, "HMAC_SHA1", TOKEN), settings)
        assert not accepted(self.delivery(named), settings)

    def test_auth_token_does_not_verify_a_request_that_names_a_shared_key(self, settings):
        assert not accepted(self.delivery("key=key_1,algorithm=HMAC_SHA1", "HMAC_SHA1", TOKEN), settings)


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


def test_forgery_has_no_explanation(settings):
    assert "no common mistake" in str(explain(signed(token="guess"), settings))


class TestProxies:
    """Without PUBLIC_URL the URL is the request's own; of forwarded headers only the scheme counts, as configured."""

    def post(self, settings, redis, proxies, origin, **headers):
        app = create_app(replace(settings, public_url="", trusted_proxies=proxies), redis)
        headers |= {"Host": "talk.example", "X-Forwarded-Host": "evil.example"}
        return WebhookPoster(app, settings)("/sms", [("MessageSid", TEXT_SID)], url=f"{origin}/sms", headers=headers)

    @pytest.mark.parametrize(
        ("proxies", "scheme", "origin"),
        [
            (0, "https", "http://talk.example"),
            (1, "https", "https://talk.example"),
            (1, "https, http", "http://talk.example"),
            (1, "", "http://talk.example"),
            (2, "https, http", "https://talk.example"),
        ],
    )
    def test_scheme_comes_from_the_outermost_trusted_proxy(self, settings, redis, proxies, scheme, origin):
        answer = self.post(settings, redis, proxies, origin, **{"X-Forwarded-Proto": scheme})
        assert answer.status_code == 200

    def test_forwarded_host_is_ignored(self, settings, redis):
        answer = self.post(settings, redis, 1, "https://evil.example", **{"X-Forwarded-Proto": "https"})
        assert answer.status_code == 403
