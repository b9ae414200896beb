"""SendGrid: batches of events, and emails from Inbound Parse."""

import base64

import pytest

from receiving import providers
from receiving.delivery import Delivery
from receiving.sample_requests import make_json_delivery
from tests.support.person import PUBLIC_URL
from tests.support.providers import WAYS, heard, secrets, signed


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
