"""Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.

For every sender that follows this specification, including Svix's customers. `v1` is an HMAC, and `v1a` is an Ed25519
signature; which of them is accepted depends on our keys, never on the request.
"""

import base64
import secrets as random

from config import Secret, Secrets
from receiving.body_parsing import parse_json
from receiving.delivery import Delivery, make_json_delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.event_summaries import ProviderEvent, split_words
from receiving.providers.base import Mistakes, Provider
from receiving.rejection_reasons import InvalidSignature, MissingSignature
from receiving.signature_checks import check_timestamp, parse_timestamp
from sending.webhooks import signatures, signing_keys
from sending.webhooks.signatures import HEADERS

ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER = HEADERS
TOLERANCE_SECONDS = 300
SAMPLES: dict[str, dict[str, object]] = {
    "contact.created": {"id": "1f81eb52-5198-4599-803e-771906343485", "name": "Ada"},
    "invoice.paid": {"id": "in_1f81eb52", "amount": "49.00", "currency": "GBP"},
}
SVIX_HEADERS = Mistake("other headers", "its headers start with svix-", "Switch the sender to the webhook- headers.")
UNDECODED_SECRET = Mistake(
    "undecoded secret",
    "the sender did not decode the secret",
    "The sender must remove whsec_ and decode the Base64 after it.",
)


class StandardWebhooks(Provider):
    title = "Standard Webhooks"
    setting_description = (
        "any sender that follows the Standard Webhooks specification: its `whsec_…` (shared secret) or `whpk_…` "
        "(public key)"
    )
    max_bytes_by_type = {"application/json": 1024 * 1024}
    claim_ttl_seconds = 4 * 24 * 3600  # the specification's retry schedule ends after 76 hours
    tolerance_seconds = TOLERANCE_SECONDS
    samples = SAMPLES

    def check(self, secrets: Secrets) -> None:
        """Require keys in the specification's format."""
        try:
            for secret in secrets:
                signing_keys.check_key(secret)
        except signing_keys.UnusableKey as error:
            raise ValueError("must be whsec_ or whpk_ followed by Base64") from error

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require a signature made with one of our keys over the id, the timestamp and the raw body."""
        for header in HEADERS:
            if not delivery.headers.get(header):
                raise MissingSignature(header)
        if "." in delivery.headers[ID_HEADER]:  # the signed parts are separated by full stops
            raise InvalidSignature("Webhook-Id must not contain a full stop.")
        if not signatures.is_signed(_signed_content(delivery), delivery.headers[SIGNATURE_HEADER], secrets):
            raise InvalidSignature("Webhook-Signature is not valid for this request.")
        check_timestamp(delivery, self.signed_at(delivery), TOLERANCE_SECONDS)

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign with the first secret or private key. Keeps the message id, or generates one."""
        signing = [secret for secret in secrets if not secret.startswith(signing_keys.PUBLIC_KEY_PREFIX)]
        if not signing:
            raise ValueError("A whpk_ key cannot sign: put the sender's whsec_ or whsk_ in STANDARD_WEBHOOK_SECRET")
        headers = {
            ID_HEADER: delivery.headers.get(ID_HEADER) or f"msg_{random.token_hex(13)}",
            TIMESTAMP_HEADER: str(int(delivery.received_at)),
        }
        signed = delivery.with_headers(**headers)
        signature = signatures.make_signature(signing[0], _signed_content(signed))
        return signed.with_headers(**{SIGNATURE_HEADER: signature})

    def signed_at(self, delivery: Delivery) -> float | None:
        """Return the attempt's timestamp."""
        return parse_timestamp(delivery.headers.get(TIMESTAMP_HEADER, ""))

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return one event; every attempt has the same message id."""
        id = delivery.headers.get(ID_HEADER, "") or delivery.fingerprint
        event = ProviderEvent("", parse_json(delivery.body), id)
        return [ProviderEvent(event["type"], event.data, id)]

    def summarize(self, event: ProviderEvent) -> str:
        """`Contact created: Ada`."""
        detail = event["data.name"] or event["data.title"] or event["data.id"]
        return (split_words(event.name).capitalize() or "Unnamed event") + (f": {detail}" if detail else "")

    def sample(self, event_name: str, url: str) -> Delivery:
        """Return a complete event."""
        payload = {"type": event_name, "timestamp": "2026-11-23T18:00:00Z", "data": SAMPLES[event_name]}
        return make_json_delivery(url, payload)

    def mistakes(self, delivery: Delivery, secrets: Secrets) -> Mistakes:
        """Find headers with Svix's names, or a secret that the sender did not decode."""
        names = {header: delivery.headers.get(header.replace("webhook", "svix"), "") for header in HEADERS}
        yield SVIX_HEADERS, delivery.with_headers(**names), secrets
        yield UNDECODED_SECRET, delivery, tuple(map(_encode, secrets))
        yield UNDECODED_SECRET, delivery, tuple(_encode(secret.partition("_")[2]) for secret in secrets)


def _signed_content(delivery: Delivery) -> bytes:
    return signatures.signed_content(delivery.headers[ID_HEADER], delivery.headers[TIMESTAMP_HEADER], delivery.body)


def _encode(text: str) -> Secret:
    return Secret("whsec_" + base64.b64encode(text.encode()).decode())
