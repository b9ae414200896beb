"""Mandrill: https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/.

Mailchimp Transactional. The signature covers the URL exactly as configured at Mandrill (including any user name and
password) and every form field. A failed batch is sent again as a whole, so duplicates are recognized per event.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets as random
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from config import Secrets
from masking import mask_email
from receiving.body_parsing import parse_json
from receiving.delivery import FORM_CONTENT_TYPE, Delivery, make_form_delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.diagnosis.url_mistakes import other_urls
from receiving.event_summaries import ProviderEvent, split_words
from receiving.idempotency import StoredResponse
from receiving.providers.base import OK, Mistakes, Provider
from receiving.rejection_reasons import InvalidSignature, MissingSignature
from receiving.signature_checks import constant_time_equal, verify_header

SIGNATURE_HEADER = "x-mandrill-signature"
EVENTS_FIELD = "mandrill_events"
MAX_EMPTY_BATCH_BYTES = 100
TEST_KEY = "test-webhook"  # signs the empty batch that Mandrill sends before it shows the real key
VERB_PHRASES = {
    "send": "was sent",
    "delivered": "was delivered",
    "deferral": "was deferred",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced temporarily",
    "open": "was opened",
    "click": "was clicked",
    "spam": "was reported as spam",
    "unsub": "caused an unsubscribe",
    "reject": "was rejected",
}
LISTS = {"blacklist": "rejection list", "whitelist": "allow list"}
LIST_PHRASES = {
    "add": "was added to the {list}",
    "change": "was changed on the {list}",
    "remove": "was removed from the {list}",
}
SAMPLES: dict[str, dict[str, str]] = {
    "hard_bounce": {"bounce_description": "bad_mailbox", "diag": "smtp;550 5.1.1 no such account"},
    "open": {"state": "sent"},
    "click": {"state": "sent"},
    "inbound": {"from_email": "ada@mail.example", "text": "It rings twice."},
}
TEST_KEY_USED = Mistake(
    "test key",
    "it was signed with Mandrill's test key, which is accepted only for an empty batch",
    "Set MANDRILL_WEBHOOK_SECRET to the key shown in the webhook's settings after the first save.",
)


class Mandrill(Provider):
    title = "Mandrill"
    setting_description = (
        "Mandrill (Mailchimp Transactional): the webhook's key, shown in its settings once the webhook has been saved"
    )
    max_bytes_by_type = {FORM_CONTENT_TYPE: 10 * 1024 * 1024}  # a batch contains up to 1,000 events
    claim_ttl_seconds = 7 * 24 * 3600  # Mandrill does not document how long it retries
    response = OK
    samples = SAMPLES

    def handshake(self, delivery: Delivery, secrets: Secrets) -> StoredResponse | None:
        """Accept a HEAD request and the empty batch that follows it, which is signed with the test key."""
        if delivery.method != "POST":
            return OK
        if len(delivery.body) > MAX_EMPTY_BATCH_BYTES or delivery.form != [(EVENTS_FIELD, "[]")]:
            return None
        given = delivery.headers.get(SIGNATURE_HEADER, "")
        expected = (_compute_signature(TEST_KEY, url, "[]") for url in _candidate_urls(delivery))
        return OK if any(constant_time_equal(given, one) for one in expected) else None

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require the Base64 HMAC-SHA1 of the URL and the only form field."""
        if not delivery.headers.get(SIGNATURE_HEADER):
            raise MissingSignature(SIGNATURE_HEADER)
        if [name for name, _ in delivery.form] != [EVENTS_FIELD]:  # the signed text has no separators between fields
            raise InvalidSignature(f"The form must contain only {EVENTS_FIELD}.")
        text, urls = delivery.form[0][1], list(_candidate_urls(delivery))
        expected = (_compute_signature(secret, url, text) for secret in secrets for url in urls)
        verify_header(delivery, SIGNATURE_HEADER, expected)

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign with the first secret."""
        signature = _compute_signature(secrets[0], delivery.url, delivery[EVENTS_FIELD])
        return delivery.with_headers(**{SIGNATURE_HEADER: signature})

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return the events in the batch. An event's id is its content's hash, since `_id` identifies the message."""
        batch = parse_json(delivery[EVENTS_FIELD])
        if not isinstance(batch, list):
            raise ValueError("the batch is not a list")
        return [_parse_event(payload) for payload in batch]

    def summarize(self, event: ProviderEvent) -> str:
        """`Email to a•••@mail.example bounced: The bell`."""
        if event.name == "inbound":
            return f"Email from {mask_email(event['msg.from_email'])}: {event['msg.subject']}"
        address = mask_email(event["msg.email"] or event["reject.email"] or event["entry.email"])
        if list_name := LISTS.get(event["type"]):
            return f"{address} {LIST_PHRASES.get(event['action'], 'changed on the {list}').format(list=list_name)}"
        subject = f": {event['msg.subject']}" if event["msg.subject"] else ""
        phrase = VERB_PHRASES.get(event.name, f"caused the event {split_words(event.name)}")
        return f"Email to {address} {phrase}{subject}"

    def sample(self, event_name: str, url: str) -> Delivery:
        """Return a batch of one event."""
        id, now = random.token_hex(16), int(time.time())
        message = {"_id": id, "email": "ada@mail.example", "subject": "The bell", "ts": now, **SAMPLES[event_name]}
        batch = [{"event": event_name, "_id": id, "ts": now, "msg": message}]
        return make_form_delivery(url, [(EVENTS_FIELD, json.dumps(batch))], user_agent="Mandrill-Webhook/1.0")

    def mistakes(self, delivery: Delivery, secrets: Secrets) -> Mistakes:
        """Find a URL at Mandrill that differs from ours, or a non-empty batch signed with the test key."""
        for mistake, url in other_urls(delivery):
            yield mistake, delivery.with_url(url), secrets
        yield TEST_KEY_USED, delivery, (type(secrets[0])(TEST_KEY),)


def _compute_signature(secret: str, url: str, text: str) -> str:
    mac = hmac.new(secret.encode(), (url + EVENTS_FIELD + text).encode("utf-8", "replace"), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


def _candidate_urls(delivery: Delivery) -> Iterator[str]:
    """Yield the URL and, if the request has Basic credentials, the URL containing them, plain and percent-encoded."""
    yield delivery.url
    scheme, _, credentials = delivery.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return
    scheme, _, rest = delivery.url.partition("://")
    for name, word in {(user, password), (quote(user, safe=""), quote(password, safe=""))}:
        yield f"{scheme}://{name}:{word}@{rest}"


def _parse_event(payload: object) -> ProviderEvent:
    id = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
    event = ProviderEvent("", payload, id)
    return replace(event, name=event["event"] or f"{event['type']} {event['action']}".strip())
