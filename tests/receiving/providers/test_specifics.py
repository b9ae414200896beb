"""What is specific to each provider: challenges, batches, credentials, emails."""

import base64
import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

import events
from receiving import inbox, providers
from receiving.delivery import Delivery
from receiving.sample_requests import make_form_delivery, make_json_delivery
from tests.support.person import PUBLIC_URL
from tests.support.providers import WAYS, heard, secrets


def signed(name, delivery):
    return providers.load()[name].sign(delivery, secrets(WAYS.get(name, [f"{name}-"])[0]))


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
    def test_probe_is_answered(self, app):
        assert app.test_client().get("/webhooks/mailchimp").status_code == 200
        assert app.test_client().head("/webhooks/mailchimp").status_code == 200

    def test_probe_of_the_secret_path_is_answered(self, app):
        assert app.test_client().get("/webhooks/mailchimp/" + "m" * 32).status_code == 200
        assert app.test_client().get("/webhooks/mailchimp/" + "x" * 32).status_code == 404


class TestMandrill:
    url = f"{PUBLIC_URL}/webhooks/mandrill"

    def post(self, batch, url=""):
        return make_form_delivery(url or self.url, [("mandrill_events", batch)])

    def signed(self, batch, key="mandrill-any-secret-of-a-provider-nobody-has-met", url=""):
        return providers.load()["mandrill"].sign(self.post(batch, url), secrets(key))

    def test_probe_is_answered(self, app):
        assert app.test_client().head("/webhooks/mandrill").status_code == 200

    def test_first_batch_is_empty_and_signed_with_the_public_test_key(self, send, redis):
        assert send(self.signed("[]", "test-webhook")).status_code == 200
        assert not inbox.latest(redis)

    def test_test_key_does_not_verify_anything_else(self, send, redis):
        assert send(self.signed('[{"event":"open"}]', "test-webhook")).status_code == 403
        assert send(self.post("[]")).status_code == 403
        assert "test key" in inbox.latest_rejected(redis)[1][2].explanation

    def test_signature_of_an_empty_batch_does_not_verify_another(self, send):
        signature = self.signed("[]", "test-webhook").headers["x-mandrill-signature"]
        assert send(self.post('[{"event":"open"}]').with_headers(x_mandrill_signature=signature)).status_code == 403

    def test_second_field_is_rejected(self, send):
        delivery = self.signed('[{"event":"open"}]')
        for body in (delivery.body + b"&x=", b"a=b&" + delivery.body, delivery.body + b"&" + delivery.body):
            assert send(replace(delivery, body=body)).status_code == 403

    def test_basic_credentials_are_part_of_the_signed_url(self, send):
        """Mandrill signs https://user:password@… and sends the credentials as Authorization."""
        for user in ("ada:love lace", "ada:love%20lace"):
            url = self.url.replace("://", f"://{user}@")
            delivery = replace(self.signed('[{"event":"open"}]', url=url), url=self.url)
            basic = "Basic " + base64.b64encode(b"ada:love lace").decode()
            assert send(delivery.with_headers(authorization=basic)).status_code == 200
            assert send(delivery).status_code == 403

    def test_event_in_two_batches_is_published_once(self, send, redis):
        one, two, three = ({"event": "open", "_id": "m1", "ts": ts} for ts in (1, 2, 3))
        send(self.signed(json.dumps([one, two])))
        send(self.signed(json.dumps([two, three, three])))
        assert len(heard(redis)) == 3
        assert len(inbox.latest(redis)) == 2


class TestSendGrid:
    url = f"{PUBLIC_URL}/webhooks/sendgrid"

    def test_interrupted_batch_is_completed_by_the_retry(self, send, redis, monkeypatch):
        from receiving import idempotency

        batch = [{"event": "open", "email": "ada@mail.example", "sg_event_id": f"id{n}"} for n in range(4)]
        delivery = signed("sendgrid", make_json_delivery(self.url, batch))
        whole, calls = idempotency.commit_if_unchanged, []

        def two_then_nothing(*args, **how):
            calls.append(args)
            return whole(*args, **how) if len(calls) < 4 else None

        monkeypatch.setattr(idempotency, "commit_if_unchanged", two_then_nothing)
        assert send(delivery).status_code == 200
        assert len(heard(redis)) == 2
        monkeypatch.undo()
        assert send(delivery).status_code == 200
        assert len(heard(redis)) == 4

    def test_batch_of_a_thousand_events(self, send, redis):
        batch = [{"event": "open", "email": "ada@mail.example", "sg_event_id": f"id{n}"} for n in range(1000)]
        delivery = signed("sendgrid", make_json_delivery(self.url, batch))
        assert send(delivery).status_code == 200
        assert send(delivery).status_code == 200
        assert len(heard(redis)) == 1000

    def test_event_id_identifies_the_event(self, send, redis):
        for attempt in (1, 2):
            event = {"event": "deferred", "email": "ada@mail.example", "sg_event_id": "id1", "attempt": attempt}
            send(signed("sendgrid", make_json_delivery(self.url, [event])))
        assert len(heard(redis)) == 1

    def test_empty_batch_is_accepted(self, send, redis):
        assert send(signed("sendgrid", make_json_delivery(self.url, []))).status_code == 200
        assert not heard(redis)

    def test_email_with_another_charset_and_an_attachment_is_summarized(self, send, redis):
        parts = {
            b'name="headers"': b"Message-ID: <1@mail.example>\nSubject: x",
            b'name="from"': b"Ada <ada@mail.example>",
            b'name="subject"': "Die Glocke läutet".encode("latin-1"),
            b'name="charsets"': b'{"subject":"iso-8859-1"}',
            b'name="attachment1"; filename="bell.png"\r\nContent-Type: image/png': b"\x89PNG\r\n\x00\xff" * 1000,
        }
        body = b"".join(
            b"--b\r\nContent-Disposition: form-data; " + name + b"\r\n\r\n" + text + b"\r\n"
            for name, text in parts.items()
        )
        delivery = Delivery("POST", self.url, {"content-type": "multipart/form-data; boundary=b"}, body + b"--b--\r\n")
        assert send(signed("sendgrid", delivery)).status_code == 200
        assert heard(redis)[0]["summary"] == "Email from a•••@mail.example: Die Glocke l\ufffdutet"

    @pytest.mark.parametrize(
        "kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=z"]
    )
    def test_unreadable_email_is_accepted_and_stored(self, send, redis, kind, caplog):
        delivery = Delivery("POST", self.url, {"content-type": kind}, b"--b\r\nno mail")
        assert send(signed("sendgrid", delivery)).status_code == 200
        assert heard(redis)[0]["event"] == "unreadable"
        assert "Traceback" not in caplog.text

    def test_public_key_verifies_but_cannot_sign(self, send):
        from receiving.providers import sendgrid

        public = sendgrid._public_key(WAYS["sendgrid"][0])
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        shown = base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
        delivery = signed("sendgrid", make_json_delivery(self.url, []))
        providers.load()["sendgrid"].verify(delivery, secrets(shown))
        with pytest.raises(ValueError, match="cannot sign"):
            providers.load()["sendgrid"].sign(delivery, secrets(shown))


class TestPlain:
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


class TestGitHub:
    def test_form_encoded_webhook_is_parsed(self, send, redis):
        body = json.dumps({"zen": "Speak like a human."})
        delivery = make_form_delivery(f"{PUBLIC_URL}/webhooks/github", [("payload", body)], x_github_event="ping")
        assert send(providers.load()["github"].sign(delivery, secrets(GITHUB))).status_code == 204
        told = heard(redis)[0]
        assert (told["provider"], told["event"]) == ("github", "ping")
        assert told["summary"] == "GitHub ping: Speak like a human."

    def test_sha_1_signature_is_not_enough(self, send):
        delivery = providers.load()["github"].sample("ping", f"{PUBLIC_URL}/webhooks/github")
        assert send(delivery.with_headers(x_hub_signature="sha1=" + "0" * 40)).status_code == 403

    def test_redelivery_is_a_duplicate(self, send, redis):
        delivery = providers.load()["github"].sample("push", f"{PUBLIC_URL}/webhooks/github")
        delivery = providers.load()["github"].sign(delivery, secrets(GITHUB))
        send(delivery)
        send(delivery.with_headers(user_agent="GitHub-Hookshot/later"))
        assert len(heard(redis)) == 1


GITHUB = "github-any-secret-of-a-provider-nobody-has-met"


class TestStandard:
    url = f"{PUBLIC_URL}/webhooks/standard"

    def test_attempt_with_a_new_signature_is_a_duplicate(self, send, redis):
        delivery = make_json_delivery(self.url, {"type": "contact.created"}, webhook_id="msg_1")
        send(signed("standard", delivery))
        send(signed("standard", replace(delivery, received_at=delivery.received_at + 5)))
        assert len(heard(redis)) == 1

    def test_one_valid_signature_of_several_is_enough(self, send):
        delivery = signed("standard", make_json_delivery(self.url, {}))
        ours = delivery.headers["webhook-signature"]
        for several in (f"v1,AAAA {ours}", f"{ours} v2,x v1a,x", f"v1a,{ours[3:]}  nonsense {ours}", f"{ours} é"):
            assert send(delivery.with_headers(webhook_signature=several)).status_code == 204

    def test_signature_version_cannot_be_changed(self, send):
        delivery = signed("standard", make_json_delivery(self.url, {}))
        other = "v1a," + delivery.headers["webhook-signature"][3:]
        assert send(delivery.with_headers(webhook_signature=other)).status_code == 403

    def test_id_with_a_full_stop_is_rejected(self, send):
        assert send(signed("standard", make_json_delivery(self.url, {}, webhook_id="msg.1"))).status_code == 403

    def test_public_key_verifies(self):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.from_private_bytes(b"b" * 32)
        public = "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()
        standard = providers.load()["standard"]
        delivery = standard.sign(make_json_delivery(self.url, {}), secrets(WAYS["standard"][1]))
        standard.verify(delivery, secrets(public))


def test_webhook_of_another_provider_is_rejected(send):
    """Each provider has its own secret and path: Dropbox's path rejects a webhook of GitHub."""
    delivery = providers.load()["github"].sample("ping", f"{PUBLIC_URL}/webhooks/dropbox")
    assert send(providers.load()["github"].sign(delivery, secrets(GITHUB))).status_code == 403


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
