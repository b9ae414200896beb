"""SendGrid: batches of events, and emails from Inbound Parse."""

import base64
import json

import pytest

from receiving import providers
from receiving.delivery import Delivery, make_json_delivery
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

    def email(self, charsets, /, **fields):
        """A signed email with these fields, as bytes, and an attachment."""
        parts = {f'name="{name}"'.encode(): value for name, value in fields.items()}
        parts[b'name="headers"'] = b"Message-ID: <1@mail.example>"
        parts.setdefault(b'name="charsets"', json.dumps(charsets).encode())
        parts[b'name="attachment1"; filename="bell.png"\r\nContent-Type: image/png'] = b"\x89PNG\r\n\x00\xff" * 1000
        body = b"".join(
            b"--b\r\nContent-Disposition: form-data; " + name + b"\r\n\r\n" + text + b"\r\n"
            for name, text in parts.items()
        )
        kind = "multipart/form-data; boundary=b"
        return signed("sendgrid", Delivery("POST", self.url, {"content-type": kind}, body + b"--b--\r\n"))

    @pytest.mark.parametrize(
        ("charset", "subject"),
        [
            ("iso-8859-1", "Die Glocke läutet"),
            ("ISO-8859-15", "5 € für die Glocke"),
            ("windows-1252", "“Grüße”"),
            ("shift_jis", "鐘が鳴る"),
            ("gb2312", "钟声"),
            ("koi8-r", "Колокол"),
            ("UTF-8", "Die Glocke läutet"),
            ("us-ascii", "The bell"),
        ],
    )
    def test_each_field_of_an_email_is_decoded_by_its_charset(self, send, redis, charset, subject):
        fields = {"from": "Ada Größe <ada@mail.example>".encode("latin-1"), "subject": subject.encode(charset)}
        delivery = self.email({"from": "iso-8859-1", "subject": charset}, **fields)
        (event,) = providers.load()["sendgrid"].parse(delivery)
        assert (event["subject"], event["from"]) == (subject, "Ada Größe <ada@mail.example>")
        assert base64.b64decode(event["original.from"]) == fields["from"]
        assert send(delivery).status_code == 200
        assert heard(redis)[0]["summary"] == f"Email from a•••@mail.example: {subject}"

    @pytest.mark.parametrize(
        "charset", ["no-such-charset", "base64", "idna", "punycode", "unicode_escape", "", "\x00", 7]
    )
    def test_unknown_charset_counts_as_utf_8(self, charset):
        delivery = self.email({"subject": charset}, **{"from": b"a@b.example", "subject": "läutet".encode()})
        (event,) = providers.load()["sendgrid"].parse(delivery)
        assert event["subject"] == "läutet"

    @pytest.mark.parametrize("charsets", ["[]", "{", '"utf-8"', "[" * 100_000], ids=["list", "cut", "text", "deep"])
    def test_charsets_that_cannot_be_read_are_ignored(self, charsets):
        delivery = self.email({}, **{"from": b"a@b.example", "charsets": charsets.encode()})
        assert providers.load()["sendgrid"].parse(delivery)[0]["from"] == "a@b.example"

    def test_form_with_too_many_parts_is_unreadable(self, send, redis):
        many = {f"field{number}": b"" for number in range(1_001)}
        assert send(self.email({}, **{"from": b"a@b.example"}, **many)).status_code == 200
        assert heard(redis)[0]["event"] == "unreadable"

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
