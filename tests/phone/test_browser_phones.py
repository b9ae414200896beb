"""Phones in the browser: one handset of the local exchange per visitor, and nothing else of it."""

import time
from dataclasses import replace

import pytest

from app import create_app
from config import Secret
from phone import browser_phones
from receiving.twilio_signature import compute_signature
from show import show_state
from show.base_scene import SceneView
from tests.support.person import NUMBER, PUBLIC_URL, Person, WebhookPoster
from tests.support.ports import reserved_port
from tests.support.waiting import eventually

TOKEN = "the token of the exchange"


@pytest.fixture
def app(settings, redis, exchange):
    return create_app(replace(settings, exchange_url=exchange.url), redis)


@pytest.fixture
def browser(app):
    """A visitor who has opened the phone."""
    client = app.test_client()

    def request(path, **json):
        return client.open(f"/phone{path}", base_url=PUBLIC_URL, method="POST" if json else "GET", json=json or None)

    assert request("").status_code == 200
    return request


def test_visitors_have_handsets_of_their_own(app):
    numbers = set()
    for _ in range(3):
        client = app.test_client()
        client.get("/phone", base_url=PUBLIC_URL)
        numbers.add(client.post("/phone/texts", json={"body": "flip"}, base_url=PUBLIC_URL).json["number"])
    assert numbers == {"+447700900300", "+447700900301", "+447700900302"}


def test_handset_from_the_day_before_is_not_shared_with_its_next_owner(app, redis, monkeypatch):
    guests = [app.test_client(), app.test_client()]

    def texts(guest):
        guest.get("/phone", base_url=PUBLIC_URL)
        return guest.post("/phone/texts", json={"body": "flip"}, base_url=PUBLIC_URL).json["number"]

    number = texts(guests[0])
    redis.delete(*redis.keys("browser-phones:*"))  # they have expired
    tomorrow = time.time() + browser_phones.NEXT_TTL_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    assert texts(guests[1]) == number
    assert guests[0].get("/phone/state", base_url=PUBLIC_URL).json["number"] == ""
    assert texts(guests[0]) != number


def test_requests_made_before_the_first_response_use_the_same_handset(app):
    guest, at_once = app.test_client(), app.test_client()
    guest.get("/phone", base_url=PUBLIC_URL)
    cookie = guest.get_cookie("session", "talk.example").value
    first = guest.post("/phone/texts", json={"body": "flip"}, base_url=PUBLIC_URL).json
    at_once.set_cookie("session", cookie, domain="talk.example")
    second = at_once.post("/phone/texts", json={"body": "time"}, base_url=PUBLIC_URL).json
    assert first["number"] == second["number"]


def test_page_that_is_only_opened_uses_up_no_handset(browser, redis):
    """Messengers and QR code readers open a link to show a preview of it."""
    assert browser("/state").json == {"number": "", "texts": [], "call": None}
    assert browser("/hangup", now=True).json["call"] is None
    assert not redis.exists(browser_phones.NEXT_KEY)


def test_text_reaches_the_exchange(browser):
    texts = browser("/texts", body="flip").json["texts"]
    assert [(text["direction"], text["body"]) for text in texts][-1] == ("sent", "flip")


def test_call_is_started_and_ended(browser):
    browser("/calls", start=True)
    eventually(lambda: browser("/state").json["call"])
    browser("/hangup", now=True)
    assert eventually(lambda: browser("/state").json["call"]["is_over"])


@pytest.mark.parametrize(
    ("path", "json", "status"),
    [
        ("/texts", {"body": ""}, 400),
        ("/texts", {"body": "x" * 1_601}, 400),
        ("/texts", {"body": 5}, 400),
        ("/texts", {"body": "half an emoji: \ud83d"}, 400),
        ("/texts", {"other": "x"}, 400),
        ("/keys", {"digits": "1/../"}, 400),
        ("/keys", {"digits": ""}, 400),
    ],
)
def test_invalid_request_is_refused(browser, path, json, status):
    assert browser(path, **json).status_code == status


def test_too_many_requests_are_refused(browser):
    answers = [browser("/keys", digits="1").status_code for _ in range(browser_phones.MAX_REQUESTS + 1)]
    assert answers[0] == 200
    assert answers[-1] == 429


@pytest.mark.parametrize("path", ["texts", "calls", "keys", "hangup"])
def test_stranger_without_a_phone_is_refused(app, path):
    json = {"body": "flip", "digits": "1"}
    assert app.test_client().post(f"/phone/{path}", json=json, base_url=PUBLIC_URL).status_code == 403


def test_when_all_phones_are_in_use_the_visitor_is_told(app, redis):
    redis.set(browser_phones.NEXT_KEY, browser_phones.HANDSETS)
    client = app.test_client()
    client.get("/phone", base_url=PUBLIC_URL)
    answer = client.post("/phone/calls", base_url=PUBLIC_URL)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3600")


def test_when_the_exchange_does_not_respond_the_visitor_is_told_to_try_again(settings, redis):
    app = create_app(replace(settings, exchange_url=f"http://127.0.0.1:{reserved_port()}"), redis)
    client = app.test_client()
    client.get("/phone", base_url=PUBLIC_URL)
    answer = client.post("/phone/texts", json={"body": "flip"}, base_url=PUBLIC_URL)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[1", b"[]", b"{}", b'{"body": null}', b"[" * 60_000])
def test_body_that_is_not_the_expected_json_is_refused(app, body):
    client = app.test_client()
    client.get("/phone", base_url=PUBLIC_URL)
    answer = client.post("/phone/texts", data=body, content_type="application/json", base_url=PUBLIC_URL)
    assert answer.status_code == 400


def test_without_an_exchange_there_are_no_phones(settings, redis):
    assert create_app(settings, redis).test_client().get("/phone", base_url=PUBLIC_URL).status_code == 404


class TestBesideARealAccount:
    @pytest.fixture
    def live(self, settings, redis, exchange):
        settings = replace(settings, exchange_url=exchange.url, exchange_auth_token=Secret(TOKEN))
        return create_app(settings, redis), settings

    @pytest.fixture
    def post(self, live):
        return WebhookPoster(*live)

    def text(self, post, number, token):
        fields = {"MessageSid": "SM" + "8" * 32, "From": number, "To": NUMBER, "Body": "time"}
        return post("/sms", fields, signature=compute_signature(token, f"{PUBLIC_URL}/sms", fields.items())).status_code

    def test_token_of_the_exchange_is_accepted_for_the_reserved_numbers_only(self, post):
        assert self.text(post, "+447700900300", TOKEN) == 200
        assert self.text(post, "+447911123456", TOKEN) == 403
        assert self.text(post, "+4477009003001", TOKEN) == 403

    def test_token_is_not_accepted_for_our_own_number_as_sender_to_others(self, post):
        fields = {"MessageSid": "SM" + "8" * 32, "From": NUMBER, "To": "+447911123456", "MessageStatus": "sent"}
        signature = compute_signature(TOKEN, f"{PUBLIC_URL}/sms/status", fields.items())
        assert post("/sms/status", fields, signature=signature).status_code == 403

    def test_answers_go_back_through_the_exchange(self, live, redis):
        from sending.twilio.gateway import TwilioGateway

        gateway = TwilioGateway(live[1], redis)
        assert gateway.client_for("+447700900300") is gateway.exchange_client
        assert gateway.client_for("+447911123456") is gateway.client

    def test_votes_of_browser_phones_are_counted_apart(self, live, post, redis):
        talk = live[0].extensions["talk"]
        show_state.write(redis, scene="tabs")
        Person(post, "+447911123456").texts("tabs")
        Person(post, "+447700900300").texts("spaces", sid="SM" + "5" * 32)
        figures = talk.find("tabs").figures(SceneView(redis))
        assert figures["people"] == 1
        assert figures["browser_votes"] == {"tabs": 0, "spaces": 1, "both": 0}
        assert talk.find("tabs").footer(SceneView(redis, "open")) == "1 voted, 1 in browsers · open"
