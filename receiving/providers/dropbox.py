"""Dropbox: https://www.dropbox.com/developers/reference/webhooks.

It says who changed something, not what, in the same bytes each time, without an id or a time. Copies within a few
seconds count as one; whoever fetches the change should begin after that, and fetch again now and then anyway.
"""

import hashlib
import hmac
import secrets as random

from config import Secrets
from receiving.delivery import Delivery
from receiving.idempotency import Reply
from receiving.provider_event import Notice, read_json, several
from receiving.samples import as_json
from receiving.signatures import expect

SETTING = "Dropbox: the app secret from the App Console"
HEADER = "x-dropbox-signature"
TAKES = {"application/json": 256 * 1024}
REMEMBERED = 5  # seconds: longer, and the next real change would be taken for a copy
REPLY = Reply("", "text/plain; charset=utf-8", 200)  # Dropbox wants 200
LONGEST_CHALLENGE = 500  # characters; Dropbox's have about 60


def greet(delivery: Delivery, secrets: Secrets) -> Reply | None:
    """The challenge goes back as it came; as plain text, for what a stranger sends must never be a page."""
    if delivery.method == "POST":
        return None
    challenge = delivery.query.get("challenge", "")
    if not 0 < len(challenge) <= LONGEST_CHALLENGE or not challenge.isprintable():
        return Reply("Dropbox asks with a challenge.\n", "text/plain; charset=utf-8", 400)
    return Reply(challenge, "text/plain; charset=utf-8")


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """The hexadecimal HMAC-SHA256 of the raw body."""
    expect(delivery, HEADER, (_signature(secret, delivery.body) for secret in secrets))


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As Dropbox signs it."""
    return delivery.having(**{HEADER: _signature(secrets[0], delivery.body)})


def _signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def read(delivery: Delivery) -> list[Notice]:
    """One notice, however many accounts it names."""
    return [Notice("list_folder", read_json(delivery.body), delivery.fingerprint)]


def say(notice: Notice) -> str:
    """`Files changed in 2 accounts`."""
    return f"Files changed in {several(notice.count('list_folder.accounts'), 'account')}"


SAMPLES: dict[str, dict[str, object]] = {"list_folder": {}}


def sample(event: str, url: str) -> Delivery:
    """A change in one account."""
    number = random.randbelow(10**9)
    facts = {"list_folder": {"accounts": [f"dbid:{random.token_urlsafe(24)}"]}, "delta": {"users": [number]}}
    return as_json(url, SAMPLES[event] | facts, user_agent="DropboxWebhooks/1.0")
