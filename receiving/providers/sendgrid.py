"""SendGrid: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features.

Two webhooks at one address. The Event Webhook sends batches of JSON; a batch that failed comes again whole, so its
events are told apart one by one. Inbound Parse sends mails as multipart; it is signed the same way if a security
policy says so, and otherwise needs an address with a secret in its path.
"""

import base64
import json
import re
import secrets as random
import time
from dataclasses import replace
from functools import cache
from io import BytesIO

import cryptography.exceptions
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from config import Secrets
from receiving import secret_path
from receiving.delivery import Delivery
from receiving.errors import InvalidSignature, MissingSignature
from receiving.idempotency import StoredResponse
from receiving.provider_event import ProviderEvent, mask_email, parse_json, split_words
from receiving.signatures import check_timestamp, parse_timestamp, secrets_with_prefix

SETTING_DESCRIPTION = (
    "SendGrid: the verification key (a public key) of the Event Webhook or of the parse policy; for an Inbound Parse "
    "that is not signed path: and the secret that follows /webhooks/sendgrid/ in its address"
)
SIGNATURE_HEADER = "x-twilio-email-event-webhook-signature"
TIMESTAMP_HEADER = "x-twilio-email-event-webhook-timestamp"
MULTIPART = "multipart/form-data"
MAX_BYTES_BY_TYPE = {"application/json": 1024 * 1024, MULTIPART: 30 * 1024 * 1024}  # batches have 768 kB, mails 20 MB
CLAIM_TTL_SECONDS = 4 * 24 * 3600  # events are tried for a day, mails for three
TOLERANCE_SECONDS = 600  # seconds; SendGrid names none
RESPONSE = StoredResponse("", "text/plain; charset=utf-8", 200)
ALLOWS_SECRET_PATH = True


def check(secrets: Secrets) -> None:
    """Each must be a key that can be read, or a secret for the path."""
    secret_path.check(secrets)
    for secret in _signing_keys(secrets):
        _public_key(secret)


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """The secret in the path, if there is one; otherwise ECDSA over the time and the raw body."""
    if secret_path.given_secret(delivery):
        return secret_path.verify(delivery, secrets)
    for header in (SIGNATURE_HEADER, TIMESTAMP_HEADER):
        if not delivery.headers.get(header):
            raise MissingSignature(header)
    content = delivery.headers[TIMESTAMP_HEADER].encode("utf-8", "replace") + delivery.body
    if not any(
        _is_valid_signature(delivery.headers[SIGNATURE_HEADER], _public_key(secret), content)
        for secret in _signing_keys(secrets)
    ):
        raise InvalidSignature("X-Twilio-Email-Event-Webhook-Signature does not fit this request.")
    check_timestamp(delivery, parse_timestamp(delivery.headers[TIMESTAMP_HEADER]), TOLERANCE_SECONDS)


def _is_valid_signature(signature: str, key: EllipticCurvePublicKey, content: bytes) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), content, ECDSA(SHA256()))
    except (cryptography.exceptions.InvalidSignature, ValueError):
        return False
    return True


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As SendGrid signs it. ValueError when we hold neither a private key nor a secret for the path."""
    private = [key for key in map(_private_key, _signing_keys(secrets)) if key]
    if private:
        at = str(int(delivery.received_at))
        made = private[0].sign(at.encode() + delivery.body, ECDSA(SHA256()))
        return delivery.with_headers(**{TIMESTAMP_HEADER: at, SIGNATURE_HEADER: base64.b64encode(made).decode()})
    if any(secrets_with_prefix(secrets, secret_path.PATH_PREFIX)):
        return replace(delivery, url=secret_path.add_secret(delivery, secrets))
    raise ValueError(
        "SendGrid's public key cannot sign: put a private key (Base64 of PKCS 8) in SENDGRID_WEBHOOK_SECRET"
    )


def _signing_keys(secrets: Secrets) -> Secrets:
    return tuple(secret for secret in secrets if not secret.startswith(secret_path.PATH_PREFIX))


@cache
def _public_key(secret: str) -> EllipticCurvePublicKey:
    private = _private_key(secret)
    try:
        key = private.public_key() if private else load_der_public_key(base64.b64decode(secret, validate=True))
    except ValueError as mistake:
        raise ValueError("must be the verification key that SendGrid shows: Base64, one line") from mistake
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("must be an ECDSA key")
    return key


@cache
def _private_key(secret: str) -> EllipticCurvePrivateKey | None:
    """For a demo, which has to sign too: the private key, if it is one."""
    try:
        key = load_der_private_key(base64.b64decode(secret, validate=True), None)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, EllipticCurvePrivateKey) else None


def signed_at(delivery: Delivery) -> float | None:
    """The header's time."""
    return parse_timestamp(delivery.headers.get(TIMESTAMP_HEADER, ""))


def parse(delivery: Delivery) -> list[ProviderEvent]:
    """The events of a batch, or one mail."""
    if delivery.headers.get("content-type", "").lower().startswith(MULTIPART):
        return [_parse_mail(delivery)]
    batch = parse_json(delivery.body)
    if not isinstance(batch, list):
        raise ValueError("a batch is a list")
    return [_parse_event(facts) for facts in batch]


def _parse_event(facts: object) -> ProviderEvent:
    notice = ProviderEvent("", facts, "")
    return ProviderEvent(notice["event"], facts, notice["sg_event_id"] or json.dumps(facts, sort_keys=True))


def _parse_mail(delivery: Delivery) -> ProviderEvent:
    """A mail is known by its Message-ID and whom it came for."""
    _, options = parse_options_header(delivery.headers["content-type"])
    parser = FormDataParser(max_form_memory_size=MAX_BYTES_BY_TYPE[MULTIPART], max_form_parts=1_000, silent=False)
    parsed = parser.parse(BytesIO(delivery.body), MULTIPART, len(delivery.body), options)
    for file in parsed[2].values():
        file.close()
    facts = parsed[1].to_dict()
    if not {"from", "headers", "email"} & set(facts):
        raise ValueError("the form is no mail")
    found = re.search(
        r"^message-id:\s*(\S+)", facts.get("headers", facts.get("email", "")), re.IGNORECASE | re.MULTILINE
    )
    return ProviderEvent("inbound", facts, f"{found[1]} {facts.get('envelope', '')}" if found else delivery.fingerprint)


def summarize(notice: ProviderEvent) -> str:
    """`Mail to a•••@mail.example bounced`."""
    if notice.name == "inbound":
        found = re.search(r"[^\s<>]+@[^\s<>]+", notice["from"])
        return f"Mail from {mask_email(found[0] if found else '')}: {notice['subject'] or 'no subject'}"
    return f"Mail to {mask_email(notice['email'])} {VERB_PHRASES.get(notice.name, split_words(notice.name))}"


VERB_PHRASES = {
    "processed": "is on its way",
    "delivered": "arrived",
    "deferred": "has to wait",
    "bounce": "bounced",
    "dropped": "was not sent",
    "open": "was opened",
    "click": "was clicked",
    "spamreport": "was called spam",
    "unsubscribe": "led to an unsubscribe",
}
SAMPLES: dict[str, dict[str, object]] = {
    "delivered": {"response": "250 OK"},
    "open": {"useragent": "Mozilla/5.0"},
    "click": {"url": "https://talk.example/"},
    "bounce": {"type": "bounce", "status": "5.1.1", "reason": "550 no such account"},
    "dropped": {"reason": "Bounced Address"},
    "spamreport": {},
    "unsubscribe": {},
    "inbound": {"from": "Ada <ada@mail.example>", "to": "bell@talk.example", "subject": "It rings twice", "text": "Hi"},
}


def sample(event: str, url: str) -> Delivery:
    """A batch of one such event; `inbound` is a mail."""
    id = random.token_urlsafe(16)
    if event == "inbound":
        return _sample_mail(url, id)
    facts = {"email": "ada@mail.example", "timestamp": int(time.time()), "event": event, "sg_event_id": id}
    batch = [facts | {"sg_message_id": f"{id}.recvd-1", "smtp-id": f"<{id}@talk.example>"} | SAMPLES[event]]
    body = json.dumps(batch, separators=(",", ":")).encode() + b"\r\n"  # SendGrid's end so, and the end is signed too
    return Delivery("POST", url, {"content-type": "application/json"}, body)


def _sample_mail(url: str, id: str) -> Delivery:
    fields = {"headers": f"Message-ID: <{id}@mail.example>\n", "envelope": '{"to":["bell@talk.example"]}'}
    parts = "".join(
        f'--bell{id}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in (fields | SAMPLES["inbound"]).items()
    )
    kind = f"{MULTIPART}; boundary=bell{id}"
    return Delivery("POST", url, {"content-type": kind}, f"{parts}--bell{id}--\r\n".encode())
