"""Mailchimp: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/.

Webhooks of its audiences. Those made before 2026 are not signed: give these an address with a secret in its path.
"""

import hashlib
import hmac
import re
import secrets as random
from dataclasses import replace

from config import Secrets
from receiving import secret_path
from receiving.delivery import Delivery
from receiving.errors import InvalidSignature, MissingSignature
from receiving.idempotency import StoredResponse
from receiving.provider_event import ProviderEvent, mask_email
from receiving.samples import FORM_CONTENT_TYPE, make_form_delivery
from receiving.signatures import check_timestamp, matches_any, parse_signature_header, parse_timestamp

SETTING_DESCRIPTION = (
    "Mailchimp Marketing: the webhook's signing_secret, shown once when it is made; for one that is not signed "
    "path: and the secret that follows /webhooks/mailchimp/ in its address"
)
SIGNATURE_HEADER = "x-mailchimp-signature"
MAX_BYTES_BY_TYPE = {FORM_CONTENT_TYPE: 256 * 1024}
CLAIM_TTL_SECONDS = 24 * 3600  # it tries for 75 minutes
TOLERANCE_SECONDS = 300  # seconds
ALLOWS_SECRET_PATH = True
check = secret_path.check


def handshake(delivery: Delivery, secrets: Secrets) -> StoredResponse | None:
    """It looks whether the address is there, before it can sign."""
    if delivery.method == "POST":
        return None
    if secret_path.given_secret(delivery):
        secret_path.verify(delivery, secrets)
    return StoredResponse("", "text/plain; charset=utf-8")


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """The secret in the path, if there is one; otherwise a `v1` over the time and the raw body."""
    if secret_path.given_secret(delivery):
        return secret_path.verify(delivery, secrets)
    if not delivery.headers.get(SIGNATURE_HEADER):
        raise MissingSignature(SIGNATURE_HEADER)
    at, given = parse_signature_header(delivery.headers[SIGNATURE_HEADER])
    ours = [_signature(secret, at, delivery.body) for secret in _signing_secrets(secrets)]
    if not any(matches_any(one, ours) for one in given):
        raise InvalidSignature("X-Mailchimp-Signature does not fit this request.")
    check_timestamp(delivery, parse_timestamp(at), TOLERANCE_SECONDS)


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As Mailchimp signs it, or sent to the address with the secret when that is all we have."""
    if not _signing_secrets(secrets):
        return replace(delivery, url=secret_path.add_secret(delivery, secrets))
    at = str(int(delivery.received_at))
    return delivery.with_headers(
        **{SIGNATURE_HEADER: f"t={at},v1={_signature(_signing_secrets(secrets)[0], at, delivery.body)}"}
    )


def _signature(secret: str, at: str, body: bytes) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def _signing_secrets(secrets: Secrets) -> Secrets:
    return tuple(secret for secret in secrets if not secret.startswith(secret_path.PATH_PREFIX))


def signed_at(delivery: Delivery) -> float | None:
    """The header's `t`."""
    return parse_timestamp(parse_signature_header(delivery.headers.get(SIGNATURE_HEADER, ""))[0])


def parse(delivery: Delivery) -> list[ProviderEvent]:
    """One event; its fields are called `data[merges][EMAIL]`, here `data.merges.EMAIL`."""
    facts = {re.sub(r"\[([^\]]*)\]", r".\1", name): value for name, value in delivery.form}
    if not facts.get("type"):
        raise ValueError("the form has no type")
    parts = [facts.get(name, "") for name in ("type", "data.list_id", "data.id", "fired_at")]
    return [ProviderEvent(facts["type"], facts, ":".join(parts) if all(parts) else delivery.fingerprint)]


def summarize(notice: ProviderEvent) -> str:
    """`a•••@mail.example subscribed`."""
    facts = notice.data
    who = mask_email(str(facts.get("data.email") or facts.get("data.new_email") or ""))
    return f"{who} {VERB_PHRASES.get(notice.name, 'did this: ' + notice.name)}"


VERB_PHRASES = {
    "subscribe": "subscribed",
    "unsubscribe": "unsubscribed",
    "profile": "changed their details",
    "upemail": "changed their address",
    "cleaned": "was removed, because mail to them bounced",
    "campaign": "sent a campaign",
}
SAMPLES: dict[str, list[tuple[str, str]]] = {
    "subscribe": [("data[email]", "ada@mail.example"), ("data[merges][FNAME]", "Ada")],
    "unsubscribe": [("data[email]", "ada@mail.example"), ("data[action]", "unsub"), ("data[reason]", "manual")],
    "upemail": [("data[new_email]", "ada@post.example"), ("data[old_email]", "ada@mail.example")],
    "cleaned": [("data[email]", "ada@mail.example"), ("data[reason]", "hard")],
}


def sample(event: str, url: str) -> Delivery:
    """Such an event in one audience."""
    facts = [("type", event), ("fired_at", "2026-11-23 18:00:00"), ("data[id]", random.token_hex(5))]
    return make_form_delivery(url, [*facts, ("data[list_id]", "a6b5da1054"), *SAMPLES[event]], user_agent="MailChimp")
