"""What is specific to each provider: challenges, batches, credentials, emails."""

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

import events
from receiving import providers
from receiving.delivery import Delivery, make_form_delivery, make_json_delivery
from tests.support.person import PUBLIC_URL
from tests.support.providers import HELD, heard, signed


def get_request(name, **query):
    return Delivery("GET", f"{PUBLIC_URL}/webhooks/{name}?{urlencode(query)}", {}, b"")


class TestBraintree:
    @pytest.mark.parametrize("challenge", ["", "<script>", "g" * 20, "a" * 19, "a" * 33, "a" * 20 + "\n", "é" * 20])
    def test_invalid_challenge_is_not_signed(self, send, challenge):
        answer = send(get_request("braintree", bt_challenge=challenge))
        assert (answer.status_code, answer.mimetype) == (400, "text/plain")
        assert "public_1" not in answer.text

    def test_answered_challenge_is_not_accepted_as_a_payload(self, app, send):
        """Otherwise anybody could have us sign a payload and post it."""
        challenge = "a" * 32
        signature = app.test_client().get(f"/webhooks/braintree?bt_challenge={challenge}").text
        fields = [("bt_signature", signature), ("bt_payload", challenge)]
        assert send(make_form_delivery(f"{PUBLIC_URL}/webhooks/braintree", fields)).status_code == 403

    def test_two_payloads_in_one_form_are_rejected(self, send):
        delivery = signed(
            "braintree", providers.load()["braintree"].sample("check", f"{PUBLIC_URL}/webhooks/braintree")
        )
        assert send(replace(delivery, body=delivery.body + b"&bt_payload=other")).status_code == 403


class TestDropbox:
    def test_challenge_is_returned_as_plain_text(self, app):
        answer = app.test_client().get("/webhooks/dropbox?challenge=abc_123-%3Cb%3E")
        assert (answer.status_code, answer.text, answer.mimetype) == (200, "abc_123-<b>", "text/plain")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize("challenge", ["", "x" * 501, "a\r\nSet-Cookie: b=c"])
    def test_invalid_challenge_is_rejected(self, send, challenge):
        assert send(get_request("dropbox", challenge=challenge)).status_code == 400


class TestMailchimp:
    def test_two_changes_within_a_second_are_two_events(self, send, redis):
        same = [("type", "profile"), ("fired_at", "2026-11-23 18:00:00"), ("data[id]", "1"), ("data[list_id]", "a1")]
        for name in ("Ada", "Ada Lovelace", "Ada"):
            fields = [*same, ("data[email]", "ada@mail.example"), ("data[merges][FNAME]", name)]
            delivery = make_form_delivery(f"{PUBLIC_URL}/webhooks/mailchimp", fields)
            send(signed("mailchimp", delivery))
        assert len(heard(redis)) == 2

    def test_probe_is_answered(self, app):
        assert app.test_client().get("/webhooks/mailchimp").status_code == 200
        assert app.test_client().head("/webhooks/mailchimp").status_code == 200

    def test_probe_of_the_secret_path_is_answered(self, app):
        assert app.test_client().get("/webhooks/mailchimp/" + "m" * 32).status_code == 200
        assert app.test_client().get("/webhooks/mailchimp/" + "x" * 32).status_code == 404


class TestPlain:
    def test_text_is_decoded_by_its_charset(self, send, redis):
        kind = "text/plain; charset=iso-8859-1"
        delivery = Delivery("POST", f"{PUBLIC_URL}/webhooks/plain", {"content-type": kind}, "läutet".encode("latin-1"))
        send(signed("plain", delivery))
        assert heard(redis)[0]["summary"] == "Message: läutet"

    def test_missing_credentials_are_asked_for(self, app):
        answer = app.test_client().post("/webhooks/plain", json={})
        assert answer.status_code == 401
        challenge = 'Basic realm="webhooks", charset="UTF-8", Bearer realm="webhooks"'
        assert answer.headers["WWW-Authenticate"] == challenge

    def test_wrong_secret_path_is_404(self, app):
        client = app.test_client()
        wrong, nothing = client.post("/webhooks/plain/wrong", json={}), client.post("/webhooks/nobody", json={})
        assert (wrong.status_code, nothing.status_code) == (404, 404)

    def test_form_and_plain_text_are_accepted(self, send, redis):
        url = f"{PUBLIC_URL}/webhooks/plain"
        send(signed("plain", make_form_delivery(url, [("event", "doorbell.rang"), ("text", "front door")])))
        send(signed("plain", Delivery("POST", url, {"content-type": "text/plain"}, b"the cat is in\xff")))
        assert [told["summary"] for told in heard(redis)] == [
            "Doorbell rang: front door",
            "Message: the cat is in\ufffd",
        ]

    def test_idempotency_key_distinguishes_equal_bodies(self, send, redis):
        delivery = signed("plain", make_json_delivery(f"{PUBLIC_URL}/webhooks/plain", {"event": "doorbell.rang"}))
        for id in ("1", "1", "2"):
            send(delivery.with_headers(idempotency_key=id))
        assert len(heard(redis)) == 2


def test_webhook_of_another_provider_is_rejected(send):
    """Each provider has its own secret and path: Dropbox's path rejects a webhook of GitHub."""
    delivery = providers.load()["github"].sample("ping", f"{PUBLIC_URL}/webhooks/dropbox")
    assert send(providers.load()["github"].sign(delivery, HELD["github"])).status_code == 403


def test_unknown_event_is_accepted(send, redis):
    delivery = make_json_delivery(f"{PUBLIC_URL}/webhooks/stripe", {"id": "evt_1", "type": "bell.rang", "data": {}})
    assert send(signed("stripe", delivery)).status_code == 204
    assert heard(redis)[0]["summary"] == "bell rang (test)"


def test_control_and_bidi_characters_are_removed(send, redis):
    facts = {"id": "evt_1", "type": "bell\ud800\u202e\nrang\x07 " + "x" * 300, "data": {}}
    delivery = replace(make_json_delivery(f"{PUBLIC_URL}/webhooks/stripe", {}), body=json.dumps(facts).encode())
    assert send(signed("stripe", delivery)).status_code == 204
    told = heard(redis)[0]
    assert told["event"].startswith("bell rang x")
    assert all(text.isprintable() and len(text) <= 160 for text in told.values())


def test_duplicate_event_has_no_secret_path(send, redis):
    delivery = make_form_delivery(f"{PUBLIC_URL}/webhooks/mailchimp/{'m' * 32}", [("type", "subscribe")])
    send(delivery)
    send(delivery)
    assert events.read_latest(redis, 1)[0].data["address"] == "/webhooks/mailchimp/…"
