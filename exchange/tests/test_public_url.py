"""An app that is known by a public URL, as behind a tunnel, while the exchange dials it without TLS."""

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as some
from twilio.request_validator import RequestValidator

from ringback.__main__ import main
from ringback.webhooks.app_address import AppAddress
from support.exchange import NUMBER, TOKEN

PUBLIC = "https://app.example"
SAYS_HELLO = "<Response><Say>Hello</Say></Response>"


def signed_for(asked, url):
    return RequestValidator(TOKEN).validate(url, asked.all(), asked.headers["X-Twilio-Signature"])


def hears_hello(person):
    person.dials()
    person.hears("Hello")


class TestWithAPublicUrl:
    @pytest.fixture
    def options(self):
        return {"public": PUBLIC}

    def test_webhooks_are_signed_with_it(self, app, ada):
        ada.texts("hello")
        asked = app.was_asked("/sms")[0]
        assert signed_for(asked, f"{PUBLIC}/sms")
        assert not signed_for(asked, f"{app.origin}/sms")

    def test_app_finds_its_public_host_and_scheme_in_the_headers(self, app, ada):
        ada.texts("hello")
        headers = app.was_asked("/sms")[0].headers
        assert headers["Host"] == headers["X-Forwarded-Host"] == "app.example"
        assert headers["X-Forwarded-Proto"] == "https"
        assert headers["X-Forwarded-For"] == "203.0.113.1"

    def test_relative_and_absolute_urls_in_documents_lead_to_the_app(self, app, ada):
        app.answers["/voice"] = "<Response><Redirect>next</Redirect></Response>"
        app.answers["/next"] = f"<Response><Redirect>{PUBLIC}/last?x</Redirect></Response>"
        app.answers["/last"] = SAYS_HELLO
        hears_hello(ada)
        assert signed_for(app.was_asked("/last")[0], f"{PUBLIC}/last?x")

    def test_http_redirect_to_the_public_host_is_followed(self, app, ada):
        app.answers["/voice"] = lambda asked: web.Response(status=302, headers={"Location": f"{PUBLIC}/moved"})
        app.answers["/moved"] = SAYS_HELLO
        hears_hello(ada)

    def test_public_host_without_tls_leads_to_the_app_too(self, app, ada):
        app.answers["/voice"] = "<Response><Redirect>http://app.example/plain</Redirect></Response>"
        app.answers["/plain"] = SAYS_HELLO
        hears_hello(ada)
        assert app.was_asked("/plain")[0].headers["X-Forwarded-Proto"] == "http"

    def test_rest_callbacks_to_the_public_host_arrive(self, app, client, ada):
        app.answers["/status"] = ""
        client.messages.create(to=ada.number, from_=NUMBER, body="hi", status_callback=f"{PUBLIC}/status")
        assert signed_for(app.was_asked("/status")[0], f"{PUBLIC}/status")

    def test_app_may_still_use_its_own_address(self, app, ada):
        app.answers["/voice"] = f"<Response><Redirect>{app.origin}/own</Redirect></Response>"
        app.answers["/own"] = SAYS_HELLO
        hears_hello(ada)
        asked = app.was_asked("/own")[0]
        assert signed_for(asked, f"{app.origin}/own")
        assert "X-Forwarded-Proto" not in asked.headers


def test_https_to_the_apps_own_host_leads_to_the_app(app, exchange, ada):
    def answer(asked):
        return f"<Response><Redirect>https://{asked.headers['Host']}/next</Redirect></Response>"

    app.answers |= {"/voice": answer, "/next": SAYS_HELLO}
    hears_hello(ada)
    asked = app.was_asked("/next")[0]
    assert asked.headers["X-Forwarded-Proto"] == "https"
    assert signed_for(asked, app.origin.replace("http", "https") + "/next")
    assert exchange.alerts() == []


@pytest.mark.parametrize(
    ("url", "dialed"),
    [
        ("https://app.example/voice?a=b&c=", "http://127.0.0.1:5000/voice?a=b&c="),
        ("https://app.example:443/?", "http://127.0.0.1:5000/?"),
        ("wss://APP.example/stream", "ws://127.0.0.1:5000/stream"),
        ("ws://app.example/stream", "ws://127.0.0.1:5000/stream"),
        ("https://localhost:5000/x", "http://127.0.0.1:5000/x"),
        ("wss://127.0.0.1:5000/x", "ws://127.0.0.1:5000/x"),
        ("https://[::1]:5000/x", "http://127.0.0.1:5000/x"),
        ("wss://127.0.0.1/x", "ws://127.0.0.1:5000/x"),
        ("http://localhost/x", "http://127.0.0.1:5000/x"),
    ],
)
def test_url_of_the_app_is_dialed_at_its_address(url, dialed):
    assert AppAddress("http://127.0.0.1:5000", PUBLIC).route(url)[0] == dialed


@pytest.mark.parametrize(
    ("url", "dialed"),
    [
        ("http://127.0.0.1:5000/voice", "http://[::1]:3000/voice"),  # where the app was expected
        ("https://localhost/voice", "http://[::1]:3000/voice"),
        ("wss://[::1]:3000/stream", "ws://[::1]:3000/stream"),
        ("http://[::1]:3000/voice", "http://[::1]:3000/voice"),
        ("https://other.example/voice", "https://other.example/voice"),
    ],
)
def test_urls_of_an_app_that_listens_on_ipv6_lead_to_it(url, dialed):
    address = AppAddress("http://127.0.0.1:5000")
    address.move("http://[::1]:3000")
    assert address.route(url)[0] == dialed


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5000/voice",
        "https://127.0.0.1:5001/voice",
        "https://app.example:8443/voice",
        "https://other.example/voice",
        "https://app.example.other.example/voice",
        "ftp://app.example/voice",
    ],
)
def test_other_url_is_unchanged(url):
    assert AppAddress("http://127.0.0.1:5000", PUBLIC).route(url) == (url, {})


def test_app_at_the_default_port_is_found_without_a_port():
    assert AppAddress("http://127.0.0.1").route("wss://localhost/x")[0] == "ws://127.0.0.1/x"
    assert AppAddress("http://127.0.0.1").route("http://127.0.0.1/x") == ("http://127.0.0.1/x", {})


def test_app_with_tls_is_dialed_with_tls():
    assert AppAddress("https://localhost:5000").route("https://localhost:5000/x") == ("https://localhost:5000/x", {})


@given(some.text(alphabet="abc/?&=%#.~-", max_size=30))
def test_path_and_query_stay_as_they_are(rest):
    dialed, _ = AppAddress("http://127.0.0.1:5000", PUBLIC).route(f"{PUBLIC}/{rest}")
    assert dialed == f"http://127.0.0.1:5000/{rest}"


def test_app_that_moved_is_found_under_its_former_url():
    address = AppAddress("http://127.0.0.1:5000", PUBLIC)
    address.move("http://127.0.0.1:3000")
    for url in ("http://127.0.0.1:5000/x", "https://app.example/x", "https://localhost:3000/x"):
        assert address.route(url)[0] == "http://127.0.0.1:3000/x"


@pytest.mark.parametrize(
    "url",
    ["app.example", "https://", "https://app.example/voice", "https://app.example:many", "https://u:p@app.example"],
)
def test_invalid_public_url_is_reported(capsys, monkeypatch, url):
    monkeypatch.setenv("TWILIO_PHONE_NUMBER", NUMBER)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    assert main(["serve", "--app=http://127.0.0.1:1", f"--public={url}"]) == 2
    assert "--public must be a URL without a path, like https://app.example" in capsys.readouterr().err
