"""Mandrill: batches, the test key, and credentials in the signed URL."""

import base64
import json
from dataclasses import replace

from receiving import providers, rejected_requests, stored_requests
from receiving.delivery import make_form_delivery
from tests.support.person import PUBLIC_URL
from tests.support.providers import heard, secrets


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
        assert not stored_requests.latest(redis)

    def test_test_key_does_not_verify_anything_else(self, send, redis):
        assert send(self.signed('[{"event":"open"}]', "test-webhook")).status_code == 403
        assert send(self.post("[]")).status_code == 403
        assert "test key" in rejected_requests.latest(redis)[1][2].explanation

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
        assert len(stored_requests.latest(redis)) == 2
