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
from receiving.errors import BadSignature, MissingSignature
from receiving.idempotency import Reply
from receiving.provider_event import Notice, somebody
from receiving.samples import FORM, as_form
from receiving.signatures import fits, in_time, seconds, timed

SETTING = (
    "Mailchimp Marketing: the webhook's signing_secret, shown once when it is made; for one that is not signed "
    "path: and the secret that follows /webhooks/mailchimp/ in its address"
)
HEADER = "x-mailchimp-signature"
TAKES = {FORM: 256 * 1024}
REMEMBERED = 24 * 3600  # it tries for 75 minutes
WINDOW = 300  # seconds
HIDDEN_PATH = True
check = secret_path.check


def greet(delivery: Delivery, secrets: Secrets) -> Reply | None:
    """It looks whether the address is there, before it can sign."""
    if delivery.method == "POST":
        return None
    if secret_path.given(delivery):
        secret_path.verify(delivery, secrets)
    return Reply("", "text/plain; charset=utf-8")


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """The secret in the path, if there is one; otherwise a `v1` over the time and the raw body."""
    if secret_path.given(delivery):
        return secret_path.verify(delivery, secrets)
    if not delivery.headers.get(HEADER):
        raise MissingSignature(HEADER)
    at, given = timed(delivery.headers[HEADER])
    ours = [_signature(secret, at, delivery.body) for secret in _signing(secrets)]
    if not any(fits(one, ours) for one in given):
        raise BadSignature("X-Mailchimp-Signature does not fit this request.")
    in_time(delivery, seconds(at), WINDOW)


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As Mailchimp signs it, or sent to the address with the secret when that is all we have."""
    if not _signing(secrets):
        return replace(delivery, url=secret_path.add(delivery, secrets))
    at = str(int(delivery.received_at))
    return delivery.having(**{HEADER: f"t={at},v1={_signature(_signing(secrets)[0], at, delivery.body)}"})


def _signature(secret: str, at: str, body: bytes) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def _signing(secrets: Secrets) -> Secrets:
    return tuple(secret for secret in secrets if not secret.startswith(secret_path.MARK))


def signed_at(delivery: Delivery) -> float | None:
    """The header's `t`."""
    return seconds(timed(delivery.headers.get(HEADER, ""))[0])


def read(delivery: Delivery) -> list[Notice]:
    """One event; its fields are called `data[merges][EMAIL]`, here `data.merges.EMAIL`."""
    facts = {re.sub(r"\[([^\]]*)\]", r".\1", name): value for name, value in delivery.form}
    if not facts.get("type"):
        raise ValueError("the form has no type")
    parts = [facts.get(name, "") for name in ("type", "data.list_id", "data.id", "fired_at")]
    return [Notice(facts["type"], facts, ":".join(parts) if all(parts) else delivery.fingerprint)]


def say(notice: Notice) -> str:
    """`a•••@mail.example subscribed`."""
    facts = notice.facts
    who = somebody(str(facts.get("data.email") or facts.get("data.new_email") or ""))
    return f"{who} {DONE.get(notice.name, 'did this: ' + notice.name)}"


DONE = {
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
    return as_form(url, [*facts, ("data[list_id]", "a6b5da1054"), *SAMPLES[event]], user_agent="MailChimp")
