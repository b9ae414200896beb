"""SendGrid: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features.

Accepts two webhooks. The Event Webhook sends batches of JSON; a failed batch is sent again as a whole, so duplicates
are recognized per event. Inbound Parse sends emails as multipart forms; its requests are signed in the same way if a
security policy requires it, and otherwise need a URL with a secret in its path.
"""

import base64
import json
import re
import secrets as random
import time
from dataclasses import replace
from functools import cache

import cryptography.exceptions
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from config import Secrets
from masking import mask_email
from receiving import secret_path
from receiving.body_parsing import parse_email_form, parse_json
from receiving.delivery import Delivery
from receiving.event_summaries import ProviderEvent, split_words
from receiving.providers.base import OK, Provider
from receiving.rejection_reasons import InvalidSignature, MissingSignature
from receiving.signature_checks import check_timestamp, parse_timestamp, secrets_with_prefix
from sending.webhooks.signatures import decode_base64

SIGNATURE_HEADER = "x-twilio-email-event-webhook-signature"
TIMESTAMP_HEADER = "x-twilio-email-event-webhook-timestamp"
TOLERANCE_SECONDS = 600  # SendGrid specifies none
MULTIPART = "multipart/form-data"
MAX_EMAIL_BYTES = 30 * 1024 * 1024  # SendGrid's limit is 20 MB
VERB_PHRASES = {
    "processed": "was accepted",
    "delivered": "was delivered",
    "deferred": "was deferred",
    "bounce": "bounced",
    "bounce blocked": "was blocked",
    "dropped": "was dropped",
    "open": "was opened",
    "click": "was clicked",
    "spamreport": "was reported as spam",
    "unsubscribe": "caused an unsubscribe",
    "group_unsubscribe": "caused an unsubscribe from a group",
    "group_resubscribe": "caused a new subscription to a group",
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


class SendGrid(Provider):
    title = "SendGrid"
    setting_description = (
        "SendGrid: the verification key (a public key) of the Event Webhook or the parse policy; for an unsigned "
        "Inbound Parse webhook, `path:` followed by the secret after /webhooks/sendgrid/ in its URL"
    )
    max_bytes_by_type = {"application/json": 1024 * 1024, MULTIPART: MAX_EMAIL_BYTES}  # a batch has at most 768 kB
    claim_ttl_seconds = 4 * 24 * 3600  # SendGrid retries events for a day and emails for three
    response = OK
    tolerance_seconds = TOLERANCE_SECONDS
    allows_secret_path = True
    samples = SAMPLES

    def check(self, secrets: Secrets) -> None:
        """Require a readable key, or a path secret that is long enough."""
        secret_path.check(secrets)
        for secret in _signing_keys(secrets):
            _public_key(secret)

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require the secret in the path if there is one, otherwise ECDSA over the timestamp and the raw body."""
        if secret_path.given_secret(delivery):
            secret_path.verify(delivery, secrets)
            return
        for header in (SIGNATURE_HEADER, TIMESTAMP_HEADER):
            if not delivery.headers.get(header):
                raise MissingSignature(header)
        content = delivery.headers[TIMESTAMP_HEADER].encode("utf-8", "replace") + delivery.body
        signature, keys = delivery.headers[SIGNATURE_HEADER], map(_public_key, _signing_keys(secrets))
        if not any(_is_valid_signature(signature, key, content) for key in keys):
            raise InvalidSignature("X-Twilio-Email-Event-Webhook-Signature is not valid for this request.")
        check_timestamp(delivery, self.signed_at(delivery), TOLERANCE_SECONDS)

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign with the first private key, or add the secret to the path. Raises ValueError if there is neither."""
        private = [key for key in map(_private_key, _signing_keys(secrets)) if key]
        if private:
            timestamp = str(int(delivery.received_at))
            signature = private[0].sign(timestamp.encode() + delivery.body, ECDSA(SHA256()))
            headers = {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: base64.b64encode(signature).decode()}
            return delivery.with_headers(**headers)
        if any(secrets_with_prefix(secrets, secret_path.PATH_PREFIX)):
            return replace(delivery, url=secret_path.add_secret(delivery, secrets))
        raise ValueError(
            "SendGrid's public key cannot sign: put a private key (PKCS 8 in Base64) in SENDGRID_WEBHOOK_SECRET"
        )

    def signed_at(self, delivery: Delivery) -> float | None:
        """Return the timestamp header."""
        return parse_timestamp(delivery.headers.get(TIMESTAMP_HEADER, ""))

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return the events in a batch, or one email."""
        if delivery.headers.get("content-type", "").lower().startswith(MULTIPART):
            return [_parse_email(delivery)]
        batch = parse_json(delivery.body)
        if not isinstance(batch, list):
            raise ValueError("the batch is not a list")
        return [_parse_event(payload) for payload in batch]

    def summarize(self, event: ProviderEvent) -> str:
        """`Email to a•••@mail.example bounced`."""
        if event.name == "inbound":
            found = re.search(r"[^\s<>]+@[^\s<>]+", event["from"])
            return f"Email from {mask_email(found[0] if found else '')}: {event['subject'] or 'no subject'}"
        phrase = VERB_PHRASES.get(f"{event.name} {event['type']}") or VERB_PHRASES.get(event.name)
        return f"Email to {mask_email(event['email'])} {phrase or f'caused the event {split_words(event.name)}'}"

    def sample(self, event_name: str, url: str) -> Delivery:
        """Return a batch of one event or, for `inbound`, an email."""
        id = random.token_urlsafe(16)
        if event_name == "inbound":
            return _sample_email(url, id)
        event = {"email": "ada@mail.example", "timestamp": int(time.time()), "event": event_name, "sg_event_id": id}
        batch = [event | {"sg_message_id": f"{id}.recvd-1", "smtp-id": f"<{id}@talk.example>"} | SAMPLES[event_name]]
        body = json.dumps(batch, separators=(",", ":")).encode() + b"\r\n"  # SendGrid's signed bodies end like this
        return Delivery("POST", url, {"content-type": "application/json"}, body)


def _is_valid_signature(signature: str, key: EllipticCurvePublicKey, content: bytes) -> bool:
    try:
        key.verify(decode_base64(signature), content, ECDSA(SHA256()))
    except (cryptography.exceptions.InvalidSignature, ValueError):
        return False
    return True


def _signing_keys(secrets: Secrets) -> Secrets:
    return tuple(secret for secret in secrets if not secret.startswith(secret_path.PATH_PREFIX))


@cache
def _public_key(secret: str) -> EllipticCurvePublicKey:
    private = _private_key(secret)
    try:
        key = private.public_key() if private else load_der_public_key(base64.b64decode(secret, validate=True))
    except ValueError as error:
        raise ValueError("must be the verification key that SendGrid shows: Base64, one line") from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("must be an ECDSA key")
    return key


@cache
def _private_key(secret: str) -> EllipticCurvePrivateKey | None:
    """Return the private key with which a demo signs its samples; None if the secret is not a private key."""
    try:
        key = load_der_private_key(base64.b64decode(secret, validate=True), None)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, EllipticCurvePrivateKey) else None


def _parse_event(payload: object) -> ProviderEvent:
    event = ProviderEvent("", payload, "")
    return ProviderEvent(event["event"], payload, event["sg_event_id"] or json.dumps(payload, sort_keys=True))


def _parse_email(delivery: Delivery) -> ProviderEvent:
    """Return an email; its id consists of its Message-ID and its envelope."""
    fields = parse_email_form(delivery.headers["content-type"], delivery.body)
    if not {"from", "headers", "email"} & set(fields):
        raise ValueError("the form is not an email")
    headers = fields.get("headers", fields.get("email", ""))
    found = re.search(r"^message-id:\s*(\S+)", headers, re.IGNORECASE | re.MULTILINE)
    id = f"{found[1]} {fields.get('envelope', '')}" if found else delivery.fingerprint
    return ProviderEvent("inbound", fields, id)


def _sample_email(url: str, id: str) -> Delivery:
    fields = {"headers": f"Message-ID: <{id}@mail.example>\n", "envelope": '{"to":["bell@talk.example"]}'}
    parts = "".join(
        f'--bell{id}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in (fields | SAMPLES["inbound"]).items()
    )
    content_type = f"{MULTIPART}; boundary=bell{id}"
    return Delivery("POST", url, {"content-type": content_type}, f"{parts}--bell{id}--\r\n".encode())
