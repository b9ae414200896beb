"""A plain sender: https://www.rfc-editor.org/rfc/rfc9110#section-11.

One that signs nothing, and proves itself by a secret in the address, by Basic authentication or by a bearer token.
None of these protects the body or stops a replay: take what it says as a hint, and look for yourself.
"""

import base64
import binascii
import secrets as random
from collections.abc import Iterator
from dataclasses import replace

from config import Secret, Secrets
from receiving import secret_path
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.errors import CredentialsRequired, SecretPathNotFound
from receiving.provider_event import ProviderEvent, parse_json, split_words
from receiving.samples import FORM_CONTENT_TYPE, make_json_delivery
from receiving.signatures import matches_any, secrets_with_prefix

SETTING_DESCRIPTION = (
    "any sender that signs nothing: path: and a secret that follows /webhooks/plain/ in its address, "
    "basic:user:password, or bearer:token"
)
BASIC_PREFIX, BEARER_PREFIX = "basic:", "bearer:"
CHALLENGES = {BASIC_PREFIX: 'Basic realm="webhooks", charset="UTF-8"', BEARER_PREFIX: 'Bearer realm="webhooks"'}
MAX_BYTES_BY_TYPE = {"application/json": 1024 * 1024, FORM_CONTENT_TYPE: 256 * 1024, "text/plain": 256 * 1024}
CLAIM_TTL_SECONDS = 300  # seconds. Without an id a copy is known by its body alone, and a bell may ring again
ID_HEADERS = ("idempotency-key", "webhook-id", "x-request-id")
ALLOWS_SECRET_PATH = True
SIGNS_BODY = False


def check(secrets: Secrets) -> None:
    """Each must say what it is, and tokens must be too long to guess."""
    secret_path.check(secrets)
    for secret in secrets:
        if not secret.startswith((secret_path.PATH_PREFIX, BASIC_PREFIX, BEARER_PREFIX)):
            raise ValueError("must be path:secret, basic:user:password or bearer:token")
    if not all(":" in pair and len(pair) >= 16 for pair in secrets_with_prefix(secrets, BASIC_PREFIX)):
        raise ValueError("must be basic:user:password, the two of them 15 characters or more")
    if not all(len(token) >= 16 for token in secrets_with_prefix(secrets, BEARER_PREFIX)):
        raise ValueError("must have 16 characters or more after bearer:")


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """The secret in the path, if there is one; otherwise the Authorization."""
    if secret_path.given_secret(delivery):
        return secret_path.verify(delivery, secrets)
    kind, _, credentials = delivery.headers.get("authorization", "").partition(" ")
    good = {"basic": _is_valid_basic, "bearer": _is_valid_bearer}.get(kind.lower())
    if good and good(credentials.strip(), secrets):
        return None
    challenges = [challenge for mark, challenge in CHALLENGES.items() if any(secrets_with_prefix(secrets, mark))]
    if challenges:
        raise CredentialsRequired(", ".join(challenges))
    raise SecretPathNotFound


def _is_valid_basic(credentials: str, secrets: Secrets) -> bool:
    try:
        given = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return matches_any(given, secrets_with_prefix(secrets, BASIC_PREFIX))


def _is_valid_bearer(credentials: str, secrets: Secrets) -> bool:
    return matches_any(credentials, secrets_with_prefix(secrets, BEARER_PREFIX))


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """With the first of our secrets, whichever kind it is."""
    kind, _, value = secrets[0].partition(":")
    if kind == "basic":
        return delivery.with_headers(authorization="Basic " + base64.b64encode(value.encode()).decode())
    if kind == "bearer":
        return delivery.with_headers(authorization=f"Bearer {value}")
    return replace(delivery, url=secret_path.add_secret(delivery, secrets))


def parse(delivery: Delivery) -> list[ProviderEvent]:
    """One event. If the sender gives it an id, that is what it is known by."""
    kind = delivery.headers.get("content-type", "")
    if kind.startswith("application/json"):
        facts = parse_json(delivery.body)
    else:
        facts = dict(delivery.form) or {"text": delivery.body.decode("utf-8", "replace")}
    id = next((delivery.headers[name] for name in ID_HEADERS if delivery.headers.get(name)), delivery.fingerprint)
    notice = ProviderEvent("", facts, id)
    return [replace(notice, name=notice["event"] or notice["type"] or "message")]


def summarize(notice: ProviderEvent) -> str:
    """`Doorbell rang: front door`."""
    more = notice["text"] or notice["message"] or notice["name"]
    return (split_words(notice.name).capitalize() or "Something came") + (f": {more}" if more else "")


SAMPLES: dict[str, dict[str, object]] = {
    "doorbell.rang": {"text": "front door"},
    "build.finished": {"text": "all green", "seconds": 12},
}


def sample(event: str, url: str) -> Delivery:
    """Such an event, as a small device would send it."""
    return make_json_delivery(url, {"event": event, **SAMPLES[event], "at": random.randbelow(10**9)})


def mistakes(delivery: Delivery, secrets: Secrets) -> Iterator[tuple[Mistake, Delivery, Secrets]]:
    """The right value in the wrong place."""
    kind, _, credentials = delivery.headers.get("authorization", "").partition(" ")
    bare = credentials or kind
    for mark in (BEARER_PREFIX, secret_path.PATH_PREFIX):
        values = tuple(Secret(BEARER_PREFIX + value) for value in secrets_with_prefix(secrets, mark))
        yield MISPLACED_SECRET, delivery.with_headers(authorization=f"Bearer {bare}"), values
    users = [pair.partition(":")[0] for pair in secrets_with_prefix(secrets, BASIC_PREFIX)]
    try:
        user = base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return
    if user in users:
        yield OTHER_PASSWORD, sign(delivery, secrets), secrets


MISPLACED_SECRET = Mistake(
    "misplaced secret",
    "it sent our token or secret, but not as an address or as `Bearer token`",
    "Put it into the sender's settings where PLAIN_WEBHOOK_SECRET has it: path:, basic: or bearer:.",
)
OTHER_PASSWORD = Mistake(
    "other password",
    "the user is right and the password another one",
    "Set the sender's password to the one in PLAIN_WEBHOOK_SECRET.",
)
