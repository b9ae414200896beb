"""Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.

Whoever keeps that specification, Svix's customers included. `v1` is an HMAC, `v1a` an ed25519 signature; which of
them counts is decided by the keys we hold, never by the request.
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
from receiving.samples import make_json_delivery
from receiving.signatures import check_timestamp, constant_time_equal, parse_timestamp

SETTING_DESCRIPTION = "any sender that keeps to Standard Webhooks: its whsec_… (shared) or whpk_… (public key)"
ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"
MAX_BYTES_BY_TYPE = {"application/json": 1024 * 1024}
CLAIM_TTL_SECONDS = 4 * 24 * 3600  # the specification's schedule ends after 76 hours
TOLERANCE_SECONDS = 300  # seconds


def check(secrets: Secrets) -> None:
    """Each must be a key as the specification writes it."""
    for secret in secrets:
        _load_key(secret)


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """One of the signatures must be made with one of our keys, over id, time and raw body."""
    for header in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER):
        if not delivery.headers.get(header):
            raise MissingSignature(header)
    if "." in delivery.headers[ID_HEADER]:  # full stops part what is signed
        raise InvalidSignature("Webhook-Id must not hold a full stop.")
    content = _content(delivery)
    given = [one.partition(",")[::2] for one in delivery.headers[SIGNATURE_HEADER].split()]
    if not any(good(version, signature, content) for good in map(_load_key, secrets) for version, signature in given):
        raise InvalidSignature("Webhook-Signature does not fit this request.")
    check_timestamp(delivery, parse_timestamp(delivery.headers[TIMESTAMP_HEADER]), TOLERANCE_SECONDS)


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


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As the specification says, with the id it has, or a new one. ValueError when we hold public keys only."""
    signing = [secret for secret in secrets if not secret.startswith("whpk_")]
    if not signing:
        raise ValueError("A whpk_ key cannot sign: put the sender's whsec_ or whsk_ in STANDARD_WEBHOOK_SECRET")
    headers = {
        ID_HEADER: delivery.headers.get(ID_HEADER) or f"msg_{random.token_hex(13)}",
        TIMESTAMP_HEADER: str(int(delivery.received_at)),
    }
    signed = delivery.with_headers(**headers)
    return signed.with_headers(**{SIGNATURE_HEADER: _signature(signing[0], _content(signed))})


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


def signed_at(delivery: Delivery) -> float | None:
    """Webhook-Timestamp: when this attempt was made."""
    return parse_timestamp(delivery.headers.get(TIMESTAMP_HEADER, ""))


def parse(delivery: Delivery) -> list[ProviderEvent]:
    """One event; each attempt at it has the same id."""
    notice = ProviderEvent("", parse_json(delivery.body), delivery.headers.get(ID_HEADER, "") or delivery.fingerprint)
    return [ProviderEvent(notice["type"], notice.data, notice.id)]


def summarize(notice: ProviderEvent) -> str:
    """`Contact created: Ada`."""
    about = notice["data.name"] or notice["data.title"] or notice["data.id"]
    return (split_words(notice.name).capitalize() or "Something happened") + (f": {about}" if about else "")


SAMPLES: dict[str, dict[str, object]] = {
    "contact.created": {"id": "1f81eb52-5198-4599-803e-771906343485", "name": "Ada"},
    "invoice.paid": {"id": "in_1f81eb52", "amount": "49.00", "currency": "GBP"},
}


def sample(event: str, url: str) -> Delivery:
    """Such an event, in full."""
    return make_json_delivery(url, {"type": event, "timestamp": "2026-11-23T18:00:00Z", "data": SAMPLES[event]})


def mistakes(delivery: Delivery, secrets: Secrets) -> list[tuple[Mistake, Delivery, Secrets]]:
    """It came under Svix's own names, or the secret was used as it is written."""
    raw = tuple(Secret("whsec_" + base64.b64encode(secret.encode()).decode()) for secret in secrets)
    bare = tuple(Secret("whsec_" + base64.b64encode(secret.partition("_")[2].encode()).decode()) for secret in secrets)
    renamed = {
        header: delivery.headers.get(header.replace("webhook", "svix"), "")
        for header in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
    }
    return [
        (SVIX_HEADERS, delivery.with_headers(**renamed), secrets),
        (UNDECODED_SECRET, delivery, raw),
        (UNDECODED_SECRET, delivery, bare),
    ]


SVIX_HEADERS = Mistake("other headers", "it came with svix- headers", "Switch the sender to the webhook- ones.")
UNDECODED_SECRET = Mistake(
    "undecoded secret",
    "the sender used the secret as it is written",
    "The sender must strip whsec_ and decode the Base64 that follows.",
)
