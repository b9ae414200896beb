"""Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.

For every sender that follows this specification, including the customers of Svix. `v1` is an HMAC, `v1a` an ed25519
signature; our keys decide which of them is accepted, never the request.
"""

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import Callable
from functools import cache

import cryptography.exceptions
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from config import Secret, Secrets
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.errors import InvalidSignature, MissingSignature
from receiving.provider_event import ProviderEvent, parse_json, split_words
from receiving.providers import Mistakes, Provider
from receiving.samples import make_json_delivery
from receiving.signatures import check_timestamp, constant_time_equal, parse_timestamp

ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER = HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
TOLERANCE_SECONDS = 300
SAMPLES: dict[str, dict[str, object]] = {
    "contact.created": {"id": "1f81eb52-5198-4599-803e-771906343485", "name": "Ada"},
    "invoice.paid": {"id": "in_1f81eb52", "amount": "49.00", "currency": "GBP"},
}
SVIX_HEADERS = Mistake("other headers", "it came with svix- headers", "Switch the sender to the webhook- ones.")
UNDECODED_SECRET = Mistake(
    "undecoded secret",
    "the sender used the secret as it is written",
    "The sender must strip whsec_ and decode the Base64 that follows.",
)


class StandardWebhooks(Provider):
    title = "Standard Webhooks"
    setting_description = "any sender that keeps to Standard Webhooks: its whsec_… (shared) or whpk_… (public key)"
    max_bytes_by_type = {"application/json": 1024 * 1024}
    claim_ttl_seconds = 4 * 24 * 3600  # the specification's retry schedule ends after 76 hours
    tolerance_seconds = TOLERANCE_SECONDS
    samples = SAMPLES

    def check(self, secrets: Secrets) -> None:
        """Each secret must be a key in the specification's format."""
        for secret in secrets:
            _load_key(secret)

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require one signature by one of our keys over id, timestamp and raw body."""
        for header in HEADERS:
            if not delivery.headers.get(header):
                raise MissingSignature(header)
        if "." in delivery.headers[ID_HEADER]:  # the signed parts are separated by full stops
            raise InvalidSignature("Webhook-Id must not hold a full stop.")
        content = _content(delivery)
        given = [one.partition(",")[::2] for one in delivery.headers[SIGNATURE_HEADER].split()]
        if not any(good(version, text, content) for good in map(_load_key, secrets) for version, text in given):
            raise InvalidSignature("Webhook-Signature does not fit this request.")
        check_timestamp(delivery, self.signed_at(delivery), TOLERANCE_SECONDS)

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign with the first secret or private key; the message id stays, or is new."""
        signing = [secret for secret in secrets if not secret.startswith("whpk_")]
        if not signing:
            raise ValueError("A whpk_ key cannot sign: put the sender's whsec_ or whsk_ in STANDARD_WEBHOOK_SECRET")
        headers = {
            ID_HEADER: delivery.headers.get(ID_HEADER) or f"msg_{random.token_hex(13)}",
            TIMESTAMP_HEADER: str(int(delivery.received_at)),
        }
        signed = delivery.with_headers(**headers)
        return signed.with_headers(**{SIGNATURE_HEADER: _signature(signing[0], _content(signed))})

    def signed_at(self, delivery: Delivery) -> float | None:
        """Return the attempt's timestamp."""
        return parse_timestamp(delivery.headers.get(TIMESTAMP_HEADER, ""))

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """One event; every attempt has the same message id."""
        id = delivery.headers.get(ID_HEADER, "") or delivery.fingerprint
        event = ProviderEvent("", parse_json(delivery.body), id)
        return [ProviderEvent(event["type"], event.data, id)]

    def summarize(self, event: ProviderEvent) -> str:
        """`Contact created: Ada`."""
        detail = event["data.name"] or event["data.title"] or event["data.id"]
        return (split_words(event.name).capitalize() or "Unnamed event") + (f": {detail}" if detail else "")

    def sample(self, event_name: str, url: str) -> Delivery:
        """A complete event."""
        payload = {"type": event_name, "timestamp": "2026-11-23T18:00:00Z", "data": SAMPLES[event_name]}
        return make_json_delivery(url, payload)

    def mistakes(self, delivery: Delivery, secrets: Secrets) -> Mistakes:
        """The headers have Svix's names, or the sender did not decode the secret."""
        names = {header: delivery.headers.get(header.replace("webhook", "svix"), "") for header in HEADERS}
        yield SVIX_HEADERS, delivery.with_headers(**names), secrets
        yield UNDECODED_SECRET, delivery, tuple(map(_encode, secrets))
        yield UNDECODED_SECRET, delivery, tuple(_encode(secret.partition("_")[2]) for secret in secrets)


def _encode(text: str) -> Secret:
    return Secret("whsec_" + base64.b64encode(text.encode()).decode())


SignatureCheck = Callable[[str, str, bytes], bool]
"""Whether this version and signature are that key's, over that content."""


@cache
def _load_key(secret: str) -> SignatureCheck:
    kind, _, text = secret.partition("_")
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as mistake:
        raise ValueError("must be whsec_ or whpk_ and Base64") from mistake
    if kind == "whsec" and raw:
        return lambda version, signature, content: (
            version == "v1" and constant_time_equal(signature, _mac(raw, content))
        )
    if kind == "whpk" and len(raw) == 32:
        return _ed25519_check(Ed25519PublicKey.from_public_bytes(raw))
    if kind == "whsk" and len(raw) in (32, 64):  # a seed, or a seed and its public key; only to sign samples with
        return _ed25519_check(Ed25519PrivateKey.from_private_bytes(raw[:32]).public_key())
    raise ValueError("must be whsec_ or whpk_ and Base64")


def _ed25519_check(key: Ed25519PublicKey) -> SignatureCheck:
    def good(version: str, signature: str, content: bytes) -> bool:
        if version != "v1a":
            return False
        try:
            key.verify(base64.b64decode(signature, validate=True), content)
        except (cryptography.exceptions.InvalidSignature, ValueError):
            return False
        return True

    return good


def _signature(secret: Secret, content: bytes) -> str:
    kind, _, text = secret.partition("_")
    raw = base64.b64decode(text)
    if kind == "whsk":
        return "v1a," + base64.b64encode(Ed25519PrivateKey.from_private_bytes(raw[:32]).sign(content)).decode()
    return "v1," + _mac(raw, content)


def _mac(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _content(delivery: Delivery) -> bytes:
    headers = delivery.headers
    return (
        f"{headers.get(ID_HEADER, '')}.{headers.get(TIMESTAMP_HEADER, '')}.".encode("utf-8", "replace") + delivery.body
    )
