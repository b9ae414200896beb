"""A plain sender: https://www.rfc-editor.org/rfc/rfc9110#section-11.

For senders without signatures, which authenticate with a secret in the URL, Basic authentication or a bearer token.
None of these protects the body or prevents replays, so the payload is untrusted: use it only as a hint to fetch data.
"""

import base64
import binascii
import secrets as random
from dataclasses import replace

from werkzeug.http import parse_options_header

from config import Secret, Secrets
from receiving import secret_path
from receiving.body_parsing import decode_text, parse_json
from receiving.delivery import FORM_CONTENT_TYPE, Delivery, make_json_delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.event_summaries import ProviderEvent, split_words
from receiving.providers.base import Mistakes, Provider
from receiving.rejection_reasons import CredentialsRequired, SecretPathNotFound
from receiving.signature_checks import matches_any, secrets_with_prefix

BASIC_PREFIX, BEARER_PREFIX = "basic:", "bearer:"
CHALLENGES = {BASIC_PREFIX: 'Basic realm="webhooks", charset="UTF-8"', BEARER_PREFIX: 'Bearer realm="webhooks"'}
MIN_SECRET_CHARS = 16
# Not X-Request-Id: Heroku's router and other proxies add a new one to each request, even to a retry.
ID_HEADERS = ("idempotency-key", "webhook-id")
SAMPLES: dict[str, dict[str, object]] = {
    "doorbell.rang": {"text": "front door"},
    "build.finished": {"text": "all green", "seconds": 12},
}
MISPLACED_SECRET = Mistake(
    "misplaced secret",
    "it contains our token or secret, but neither in the path nor as `Bearer token`",
    "Configure the sender to match the prefix in PLAIN_WEBHOOK_SECRET: path:, basic: or bearer:.",
)
OTHER_PASSWORD = Mistake(
    "other password",
    "its user name is valid, but its password is not",
    "Set the sender's password to the one in PLAIN_WEBHOOK_SECRET.",
)


class Plain(Provider):
    title = "A plain sender"
    setting_description = (
        "any sender that does not sign: `path:` followed by the secret after /webhooks/plain/ in the URL, "
        "`basic:user:password`, or `bearer:token`"
    )
    max_bytes_by_type = {"application/json": 1024 * 1024, FORM_CONTENT_TYPE: 256 * 1024, "text/plain": 256 * 1024}
    claim_ttl_seconds = 300  # without an id, an identical body counts as a copy for this long, then as a new event
    allows_secret_path = True
    signs_body = False
    samples = SAMPLES

    def check(self, secrets: Secrets) -> None:
        """Require a prefix on each secret, and secrets too long to guess."""
        secret_path.check(secrets)
        for secret in secrets:
            if not secret.startswith((secret_path.PATH_PREFIX, BASIC_PREFIX, BEARER_PREFIX)):
                raise ValueError("must be path:secret, basic:user:password or bearer:token")
        pairs, tokens = (secrets_with_prefix(secrets, prefix) for prefix in (BASIC_PREFIX, BEARER_PREFIX))
        if not all(":" in pair and len(pair) >= MIN_SECRET_CHARS for pair in pairs):
            raise ValueError("must be basic:user:password, with at least 15 characters in user and password together")
        if not all(len(token) >= MIN_SECRET_CHARS for token in tokens):
            raise ValueError("must have at least 16 characters after bearer:")

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require the secret in the path if there is one, otherwise the Authorization header."""
        if secret_path.given_secret(delivery):
            secret_path.verify(delivery, secrets)
            return
        scheme, _, credentials = delivery.headers.get("authorization", "").partition(" ")
        is_valid = {"basic": _is_valid_basic, "bearer": _is_valid_bearer}.get(scheme.lower())
        if is_valid and is_valid(credentials.strip(), secrets):
            return
        challenges = [text for prefix, text in CHALLENGES.items() if any(secrets_with_prefix(secrets, prefix))]
        if challenges:
            raise CredentialsRequired(", ".join(challenges))
        raise SecretPathNotFound

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Add the first secret to the path or to the Authorization header, depending on its prefix."""
        scheme, _, value = secrets[0].partition(":")
        if scheme == "basic":
            return delivery.with_headers(authorization="Basic " + base64.b64encode(value.encode()).decode())
        if scheme == "bearer":
            return delivery.with_headers(authorization=f"Bearer {value}")
        return replace(delivery, url=secret_path.add_secret(delivery, secrets))

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return one event. Its id is the sender's if a header contains one, otherwise the body's SHA-256."""
        if delivery.headers.get("content-type", "").startswith("application/json"):
            payload = parse_json(delivery.body)
        else:
            _, options = parse_options_header(delivery.headers.get("content-type", ""))
            payload = dict(delivery.form) or {"text": decode_text(delivery.body, options.get("charset", ""))}
        ids = (delivery.headers[name] for name in ID_HEADERS if delivery.headers.get(name))
        event = ProviderEvent("", payload, next(ids, delivery.fingerprint))
        return [replace(event, name=event["event"] or event["type"] or "message")]

    def summarize(self, event: ProviderEvent) -> str:
        """`Doorbell rang: front door`."""
        detail = event["text"] or event["message"] or event["name"]
        return (split_words(event.name).capitalize() or "Unnamed event") + (f": {detail}" if detail else "")

    def sample(self, event_name: str, url: str) -> Delivery:
        """Return an event like those that a small device sends."""
        return make_json_delivery(url, {"event": event_name, **SAMPLES[event_name], "at": random.randbelow(10**9)})

    def mistakes(self, delivery: Delivery, secrets: Secrets) -> Mistakes:
        """Find the right value in the wrong place, or another password."""
        scheme, _, credentials = delivery.headers.get("authorization", "").partition(" ")
        bearer = delivery.with_headers(authorization=f"Bearer {credentials or scheme}")
        for prefix in (BEARER_PREFIX, secret_path.PATH_PREFIX):
            values = tuple(Secret(BEARER_PREFIX + value) for value in secrets_with_prefix(secrets, prefix))
            yield MISPLACED_SECRET, bearer, values
        users = [pair.partition(":")[0] for pair in secrets_with_prefix(secrets, BASIC_PREFIX)]
        given = _decode_basic(credentials)
        if given is not None and given.partition(":")[0] in users:
            yield OTHER_PASSWORD, self.sign(delivery, secrets), secrets


def _is_valid_basic(credentials: str, secrets: Secrets) -> bool:
    given = _decode_basic(credentials)
    return given is not None and matches_any(given, secrets_with_prefix(secrets, BASIC_PREFIX))


def _is_valid_bearer(credentials: str, secrets: Secrets) -> bool:
    return matches_any(credentials, secrets_with_prefix(secrets, BEARER_PREFIX))


def _decode_basic(credentials: str) -> str | None:
    """Return `user:password`, or None if this is not Base64."""
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
