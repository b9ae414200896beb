"""Dropbox: https://www.dropbox.com/developers/reference/webhooks.

A notification names the accounts that changed but not the changes, and has neither an id nor a timestamp, so all
notifications about the same accounts are identical. Copies within a few seconds are treated as one delivery, so an app
that lists the changes must wait until those seconds have passed, and should also poll occasionally.
"""

import hashlib
import hmac
import secrets as random

from config import Secrets
from receiving.body_parsing import parse_json
from receiving.delivery import Delivery, make_json_delivery
from receiving.event_summaries import ProviderEvent, pluralize
from receiving.idempotency import StoredResponse
from receiving.providers.base import OK, Provider, bad_request
from receiving.signature_checks import verify_header

SIGNATURE_HEADER = "x-dropbox-signature"
MAX_CHALLENGE_CHARS = 500  # Dropbox's challenges have about 60 characters


class Dropbox(Provider):
    title = "Dropbox"
    setting_description = "Dropbox: the app secret from the App Console"
    max_bytes_by_type = {"application/json": 256 * 1024}
    claim_ttl_seconds = 5  # with a longer time, the next real change would be treated as a copy
    response = OK  # required by Dropbox
    samples = {"list_folder": {}}

    def handshake(self, delivery: Delivery, secrets: Secrets) -> StoredResponse | None:
        """Echo the challenge as plain text: untrusted input must not be rendered as HTML."""
        if delivery.method == "POST":
            return None
        challenge = delivery.query.get("challenge", "")
        if not 0 < len(challenge) <= MAX_CHALLENGE_CHARS or not challenge.isprintable():
            return bad_request("The parameter challenge is missing or invalid.")
        return StoredResponse(challenge, "text/plain; charset=utf-8")

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require the hexadecimal HMAC-SHA256 of the raw body."""
        verify_header(delivery, SIGNATURE_HEADER, (_compute_signature(secret, delivery.body) for secret in secrets))

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign with the first secret."""
        return delivery.with_headers(**{SIGNATURE_HEADER: _compute_signature(secrets[0], delivery.body)})

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return one event for any number of accounts."""
        return [ProviderEvent("list_folder", parse_json(delivery.body), delivery.fingerprint)]

    def summarize(self, event: ProviderEvent) -> str:
        """`Files changed in 2 accounts`."""
        return f"Files changed in {pluralize(event.count('list_folder.accounts'), 'account')}"

    def sample(self, event_name: str, url: str) -> Delivery:
        """Return a change in one account."""
        accounts = [f"dbid:{random.token_urlsafe(24)}"]
        payload = {event_name: {"accounts": accounts}, "delta": {"users": [random.randbelow(10**9)]}}
        return make_json_delivery(url, payload, user_agent="DropboxWebhooks/1.0")


def _compute_signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
