"""Standard Webhooks: several signatures, versions, and public keys."""

import base64
from dataclasses import replace

from receiving import providers
from receiving.delivery import make_json_delivery
from tests.support.person import PUBLIC_URL
from tests.support.providers import WAYS, heard, secrets, signed


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
