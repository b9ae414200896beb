"""Dropbox: https://www.dropbox.com/developers/reference/webhooks.

It says who changed something, not what, in the same bytes each time, without an id or a time. Copies within a few
seconds count as one; whoever fetches the change should begin after that, and fetch again now and then anyway.
"""

import hashlib
import hmac
import secrets as random

from config import Secrets
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.provider_event import ProviderEvent, parse_json, pluralize
from receiving.samples import make_json_delivery
from receiving.signatures import verify_header

SETTING_DESCRIPTION = "Dropbox: the app secret from the App Console"
SIGNATURE_HEADER = "x-dropbox-signature"
MAX_BYTES_BY_TYPE = {"application/json": 256 * 1024}
CLAIM_TTL_SECONDS = 5  # seconds: longer, and the next real change would be taken for a copy
RESPONSE = StoredResponse("", "text/plain; charset=utf-8", 200)  # Dropbox wants 200
MAX_CHALLENGE_CHARS = 500  # characters; Dropbox's have about 60


def handshake(delivery: Delivery, secrets: Secrets) -> StoredResponse | None:
    """The challenge goes back as it came; as plain text, for what a stranger sends must never be a page."""
    if delivery.method == "POST":
        return None
    challenge = delivery.query.get("challenge", "")
    if not 0 < len(challenge) <= MAX_CHALLENGE_CHARS or not challenge.isprintable():
        return StoredResponse("Dropbox asks with a challenge.\n", "text/plain; charset=utf-8", 400)
    return StoredResponse(challenge, "text/plain; charset=utf-8")


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """The hexadecimal HMAC-SHA256 of the raw body."""
    verify_header(delivery, SIGNATURE_HEADER, (_signature(secret, delivery.body) for secret in secrets))


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As Dropbox signs it."""
    return delivery.with_headers(**{SIGNATURE_HEADER: _signature(secrets[0], delivery.body)})


def _signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def parse(delivery: Delivery) -> list[ProviderEvent]:
    """One notice, however many accounts it names."""
    return [ProviderEvent("list_folder", parse_json(delivery.body), delivery.fingerprint)]


def summarize(notice: ProviderEvent) -> str:
    """`Files changed in 2 accounts`."""
    return f"Files changed in {pluralize(notice.count('list_folder.accounts'), 'account')}"


SAMPLES: dict[str, dict[str, object]] = {"list_folder": {}}


def sample(event: str, url: str) -> Delivery:
    """A change in one account."""
    number = random.randbelow(10**9)
    facts = {"list_folder": {"accounts": [f"dbid:{random.token_urlsafe(24)}"]}, "delta": {"users": [number]}}
    return make_json_delivery(url, SAMPLES[event] | facts, user_agent="DropboxWebhooks/1.0")
