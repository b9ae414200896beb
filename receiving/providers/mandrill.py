"""Mandrill: https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/.

Mailchimp Transactional. The signature holds the address exactly as configured there, with a user and password if it
has them, and every field. A batch that failed comes again whole, so its events are told apart one by one.
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
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake, other_urls
from receiving.errors import InvalidSignature, MissingSignature
from receiving.idempotency import StoredResponse
from receiving.provider_event import ProviderEvent, mask_email, parse_json, split_words
from receiving.samples import FORM_CONTENT_TYPE, make_form_delivery
from receiving.signatures import constant_time_equal, verify_header

SETTING_DESCRIPTION = (
    "Mandrill (Mailchimp Transactional): the webhook's key, as its settings show it after the first save"
)
SIGNATURE_HEADER = "x-mandrill-signature"
EVENTS_FIELD = "mandrill_events"
MAX_BYTES_BY_TYPE = {FORM_CONTENT_TYPE: 10 * 1024 * 1024}  # a thousand events
CLAIM_TTL_SECONDS = 7 * 24 * 3600  # for how long it tries is not said
RESPONSE = StoredResponse("", "text/plain; charset=utf-8", 200)
TEST_KEY = "test-webhook"  # signs the first, empty batch, when nobody can know the real key yet


def handshake(delivery: Delivery, secrets: Secrets) -> StoredResponse | None:
    """It looks with a HEAD whether the address is there, then with an empty batch, which says nothing."""
    if delivery.method != "POST":
        return RESPONSE
    empty = delivery.form == [(EVENTS_FIELD, "[]")]
    given = delivery.headers.get(SIGNATURE_HEADER, "")
    return (
        RESPONSE
        if empty
        and any(constant_time_equal(given, _signature(TEST_KEY, url, "[]")) for url in _candidate_urls(delivery))
        else None
    )


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """The HMAC-SHA1 of the address and the one field in Base64."""
    if not delivery.headers.get(SIGNATURE_HEADER):
        raise MissingSignature(SIGNATURE_HEADER)
    if [name for name, _ in delivery.form] != [EVENTS_FIELD]:  # names and values run together in what is signed
        raise InvalidSignature(f"The form must hold {EVENTS_FIELD} and nothing else.")
    text = delivery.form[0][1]
    verify_header(
        delivery,
        SIGNATURE_HEADER,
        (_signature(secret, url, text) for secret in secrets for url in _candidate_urls(delivery)),
    )


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As Mandrill signs it."""
    return delivery.with_headers(**{SIGNATURE_HEADER: _signature(secrets[0], delivery.url, delivery[EVENTS_FIELD])})


def _signature(secret: str, url: str, text: str) -> str:
    mac = hmac.new(secret.encode(), (url + EVENTS_FIELD + text).encode("utf-8", "replace"), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


def _candidate_urls(delivery: Delivery) -> Iterator[str]:
    """The address as we saw it and, when it came with a user and password, with these in it."""
    yield delivery.url
    kind, _, credentials = delivery.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return
        scheme, _, rest = delivery.url.partition("://")
        for name, word in {(user, password), (quote(user, safe=""), quote(password, safe=""))}:
            yield f"{scheme}://{name}:{word}@{rest}"


def parse(delivery: Delivery) -> list[ProviderEvent]:
    """Its events, each known by all it says: their `_id` is the message's."""
    events = parse_json(delivery[EVENTS_FIELD])
    if not isinstance(events, list):
        raise ValueError("a batch is a list")
    return [_parse_event(event) for event in events]


def _parse_event(facts: object) -> ProviderEvent:
    id = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    notice = ProviderEvent("", facts, id)
    return replace(notice, name=notice["event"] or f"{notice['type']} {notice['action']}".strip())


def summarize(notice: ProviderEvent) -> str:
    """`Mail to a•••@mail.example bounced: The bell`."""
    who = mask_email(notice["msg.email"] or notice["reject.email"] or notice["entry.email"])
    if notice.name == "inbound":
        return f"Mail from {mask_email(notice['msg.from_email'])}: {notice['msg.subject']}"
    subject = f": {notice['msg.subject']}" if notice["msg.subject"] else ""
    return f"Mail to {who} {VERB_PHRASES.get(notice.name, split_words(notice.name))}{subject}"


VERB_PHRASES = {
    "send": "was sent",
    "delivered": "arrived",
    "deferral": "has to wait",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced for now",
    "open": "was opened",
    "click": "was clicked",
    "spam": "was called spam",
    "unsub": "led to an unsubscribe",
    "reject": "was not sent",
}
SAMPLES: dict[str, dict[str, str]] = {
    "hard_bounce": {"bounce_description": "bad_mailbox", "diag": "smtp;550 5.1.1 no such account"},
    "open": {"state": "sent"},
    "click": {"state": "sent"},
    "inbound": {"from_email": "ada@mail.example", "text": "It rings twice."},
}


def sample(event: str, url: str) -> Delivery:
    """A batch of one such event."""
    id = random.token_hex(16)
    message = {"_id": id, "email": "ada@mail.example", "subject": "The bell", "ts": int(time.time()), **SAMPLES[event]}
    batch = [{"event": event, "_id": id, "ts": int(time.time()), "msg": message}]
    return make_form_delivery(url, [(EVENTS_FIELD, json.dumps(batch))], user_agent="Mandrill-Webhook/1.0")


def mistakes(delivery: Delivery, secrets: Secrets) -> Iterator[tuple[Mistake, Delivery, Secrets]]:
    """What Mandrill has for an address is not quite ours, or its test key signed more than an empty batch."""
    for mistake, url in other_urls(delivery):
        yield mistake, delivery.with_url(url), secrets
    yield TEST_KEY_USED, delivery, (type(secrets[0])(TEST_KEY),)


TEST_KEY_USED = Mistake(
    "test key",
    "Mandrill's test key signed it, which is good for an empty batch only",
    "Set MANDRILL_WEBHOOK_SECRET to the key that the webhook's settings show after the first save.",
)
