"""Mailchimp: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/.

Audience webhooks from Mailchimp Marketing. Webhooks created before 2026 are not signed; they need a URL with a secret
in its path.
"""

import re
import secrets as random
from dataclasses import replace

from config import Secrets
from masking import mask_email
from receiving import secret_path
from receiving.delivery import FORM_CONTENT_TYPE, Delivery, make_form_delivery
from receiving.event_summaries import ProviderEvent, split_words
from receiving.idempotency import StoredResponse
from receiving.providers.base import OK
from receiving.providers.timestamped_hmac import TimestampedHMAC

VERB_PHRASES = {
    "subscribe": "subscribed",
    "unsubscribe": "unsubscribed",
    "unsubscribe delete": "was removed from the audience",
    "unsubscribe abuse": "unsubscribed and reported spam",
    "profile": "changed their details",
    "upemail": "changed their address",
    "cleaned": "was removed",
    "cleaned hard": "was removed because email to them bounced",
    "cleaned abuse": "was removed because they reported spam",
}
SAMPLES: dict[str, list[tuple[str, str]]] = {
    "subscribe": [("data[email]", "ada@mail.example"), ("data[merges][FNAME]", "Ada")],
    "unsubscribe": [("data[email]", "ada@mail.example"), ("data[action]", "unsub"), ("data[reason]", "manual")],
    "upemail": [("data[new_email]", "ada@post.example"), ("data[old_email]", "ada@mail.example")],
    "cleaned": [("data[email]", "ada@mail.example"), ("data[reason]", "hard")],
}


class Mailchimp(TimestampedHMAC):
    title = "Mailchimp"
    setting_description = (
        "Mailchimp Marketing: the webhook's signing_secret, shown once when the webhook is created; for an unsigned "
        "webhook, `path:` followed by the secret after /webhooks/mailchimp/ in its URL"
    )
    signature_header = "x-mailchimp-signature"
    max_bytes_by_type = {FORM_CONTENT_TYPE: 256 * 1024}
    claim_ttl_seconds = 24 * 3600  # Mailchimp retries for 75 minutes
    allows_secret_path = True
    samples = SAMPLES

    def check(self, secrets: Secrets) -> None:
        """Require path secrets that are long enough."""
        secret_path.check(secrets)

    def handshake(self, delivery: Delivery, secrets: Secrets) -> StoredResponse | None:
        """Accept the unsigned GET that Mailchimp sends to check the URL; a secret in the path must be valid."""
        if delivery.method == "POST":
            return None
        if secret_path.given_secret(delivery):
            secret_path.verify(delivery, secrets)
        return OK

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require the secret in the path if there is one, otherwise the signature."""
        if secret_path.given_secret(delivery):
            secret_path.verify(delivery, secrets)
        else:
            super().verify(delivery, _signing_secrets(secrets))

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign the delivery or, without a signing secret, add the secret to the path."""
        if signing := _signing_secrets(secrets):
            return super().sign(delivery, signing)
        return replace(delivery, url=secret_path.add_secret(delivery, secrets))

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return one event; the form field `data[merges][EMAIL]` becomes `data.merges.EMAIL`.

        Its id is the body's SHA-256: a retry has the same body, and two changes to one person may have the same
        `fired_at`, which is in seconds.
        """
        payload = {re.sub(r"\[([^\[\]]*)\]", r".\1", name): value for name, value in delivery.form}
        if not payload.get("type"):
            raise ValueError("the form has no type")
        return [ProviderEvent(payload["type"], payload, delivery.fingerprint)]

    def summarize(self, event: ProviderEvent) -> str:
        """`a•••@mail.example subscribed`."""
        field = event.data.get
        if event.name == "campaign":
            return (
                f"Campaign {split_words(str(field('data.status') or 'changed'))}: {field('data.subject') or 'untitled'}"
            )
        address = str(field("data.email") or field("data.old_email") or field("data.new_email") or "")
        keys = (f"{event.name} {field(f'data.{name}')}" for name in ("reason", "action"))
        phrase = next((VERB_PHRASES[key] for key in (*keys, event.name) if key in VERB_PHRASES), "")
        return f"{mask_email(address)} {phrase or f'caused the event {event.name}'}"

    def sample(self, event_name: str, url: str) -> Delivery:
        """Return an event for one audience."""
        fields = [("type", event_name), ("fired_at", "2026-11-23 18:00:00"), ("data[id]", random.token_hex(5))]
        fields += [("data[list_id]", "a6b5da1054"), *SAMPLES[event_name]]
        return make_form_delivery(url, fields, user_agent="MailChimp")


def _signing_secrets(secrets: Secrets) -> Secrets:
    return tuple(secret for secret in secrets if not secret.startswith(secret_path.PATH_PREFIX))
