"""Twilio's own validator accepts the exchange's signatures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator, get_signature_algorithm

from ringback.testing.waiting import eventually
from ringback.webhooks.signature import signature, signed_url
from ringback.webhooks.urls import wire_url
from support.exchange import NUMBER, TOKEN

U = "https://mycompany.com/myapp.php?foo=1&bar=2"
P = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
VECTORS = [
    (U, list(P.items()), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", list(P.items()), "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    (
        U + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
        [],
        "a9nBmqA0ju/hNViExpshrM61xv4=",
    ),
    (
        U,
        [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")],
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
    ),
    (
        U,
        [("Body", "Café ☕ 日本"), ("From", "+14158675309"), ("MessageSid", "SM1"), ("To", "+18005551212")],
        "xv9U536jF7auNHQCgEVMqeb8isM=",
    ),
    (U, [("AccountSid", "AC1"), ("Body", ""), ("CalledZip", ""), ("ToCity", "")], "RKIH0qJzJ3AvXeXUQ0TnX3zApyE="),
    (U, [("Body", "  hi  \r\n"), ("From", "+1")], "ThmewGW60mSfdFjMhmbxyiVFkmw="),
    (
        "https://mycompany.com/myapp.php",
        [("aLower", "1"), ("Zed", "2"), ("Alpha", "3")],
        "uHtwmsfnkdKA9PfV+nn4PCu6kG8=",
    ),
    (
        "https://mycompany.com/myapp.php?foo=1&bar=2&CallSid=CA1234567890ABCDE&From=%2B14158675309",
        [],
        "RIMf50SFlDW3jmEv8PRsPRhtiQo=",
    ),
    ("wss://mycompany.com/stream", [], "DlELQE5iuG0XFAEQgMbv2UNcQU4="),
]


@pytest.mark.parametrize(("url", "parameters", "expected"), VECTORS)
def test_signatures_match_published_examples(url, parameters, expected):
    assert signature("12345", url, parameters) == expected


def test_shared_key_signs_with_sha256():
    assert signature("12345", U, P.items(), "sha256") == "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="


@pytest.mark.parametrize(
    ("url", "voice", "signed"),
    [
        ("https://u:p@h.example:8443/a?b=c#rc=2", True, "https://h.example/a?b=c"),
        ("https://u:p@h.example:8443/a?b=c#rc=2", False, "https://h.example:8443/a?b=c"),
        ("http://h.example:8080/a", True, "http://h.example:8080/a"),
        ("http://h.example/a?", True, "http://h.example/a?"),
        ("http://[::1]:8080/a", False, "http://[::1]:8080/a"),
        ("https://[::1]/a", True, "https://[::1]/a"),
    ],
)
def test_userinfo_and_fragment_are_never_signed_and_voice_over_https_loses_its_port(url, voice, signed):
    assert signed_url(url, voice) == signed


@pytest.mark.parametrize(
    "path",
    [
        "/it%27s",
        "/caf%C3%A9",
        "/a%2Fb",
        "/x?who=it%27s&who=ben&q=caf%C3%A9%2F&empty=",
        "/it's/(really)?a=%7e~&b=%20+",
        "/caf\u00e9?q=\u00fc b",
        "/x?",
        "/x#rc=2&rt=5000",
    ],
)
def test_validator_accepts_requests_to_any_url(app, exchange, ada, path):
    exchange.state.numbers[NUMBER].sms_url = app.origin + path
    ada.texts("Café ☕ it's")
    eventually(lambda: bool(app.asked), "a webhook")
    asked = app.asked[0]
    assert "#" not in asked.url
    validator = RequestValidator(TOKEN)
    assert validator.validate(asked.url, dict(asked.form), asked.headers["X-Twilio-Signature"])
    assert not validator.validate(asked.url + "x", dict(asked.form), asked.headers["X-Twilio-Signature"])


def test_get_webhook_has_its_parameters_in_the_url(app, exchange, ada):
    number = exchange.state.numbers[NUMBER]
    number.sms_url, number.sms_method = app.origin + "/sms?keep=this%27s", "GET"
    ada.texts("hi & bye")
    eventually(lambda: bool(app.asked), "a webhook")
    asked = app.asked[0]
    assert asked.method == "GET"
    assert "keep=this%27s&" in asked.url
    assert asked["Body"] == "hi & bye"
    assert RequestValidator(TOKEN).validate(asked.url, {}, asked.headers["X-Twilio-Signature"])


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(st.text("aZ09_-é", min_size=1), st.text()), max_size=8))
def test_validator_accepts_any_parameters(parameters):
    class Form(dict):
        def getall(self, name):
            return [value for found, value in parameters if found == name]

    parameters = [(name, value.encode("utf-8", "replace").decode()) for name, value in parameters]
    made = signature(TOKEN, "http://h.example/x", parameters)
    assert RequestValidator(TOKEN).validate("http://h.example/x", Form(parameters), made)


@settings(deadline=None)  # the machine may be busy
@given(st.text())
def test_path_and_query_are_sent_as_ascii(text):
    url = wire_url("http://h.example/" + text.replace("#", "").lstrip())
    assert url.isascii()
    assert " " not in url


class TestBehindAPort:
    @pytest.fixture
    def options(self):
        return {"public": "https://app.example:8443"}

    def test_recording_callback_is_signed_like_the_other_requests_of_a_call(self, app, ada):
        app.answers |= {"/voice": '<Response><Record recordingStatusCallback="/recorded"/></Response>', "/recorded": ""}
        ada.dials()
        ada.speaks("hello")
        ada.presses("#")
        for path in ("/voice", "/recorded"):
            asked = app.was_asked(path)[0]
            assert asked.headers["X-Twilio-Signature"] == signature(TOKEN, f"https://app.example{path}", asked.form)
            assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=UTF-8"


class TestWithASharedKey:
    @pytest.fixture
    def options(self):
        return {"shared_key": ("webhooks_sharedkey_1", "another secret")}

    def test_webhooks_are_signed_with_it_and_name_it(self, app, exchange, ada):
        ada.texts("hello")
        asked = app.was_asked("/sms")[0]
        algorithm = get_signature_algorithm(asked.headers["X-Twilio-Webhooks-Signature-Settings"])
        given = asked.url, asked.all(), asked.headers["X-Twilio-Signature"]
        assert algorithm == "HMAC_SHA256"
        assert RequestValidator("another secret").validate(*given, algorithm)
        assert not RequestValidator(TOKEN).validate(*given)
