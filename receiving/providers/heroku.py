"""Heroku: https://devcenter.heroku.com/articles/app-webhooks.

The signature covers only the body, not a timestamp. If the webhook was added with an `authorization` value, each
request contains that value in its Authorization header.
"""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Iterable

from config import Secrets
from masking import mask_email
from receiving.body_parsing import parse_json
from receiving.delivery import Delivery, make_json_delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.event_summaries import ProviderEvent, split_words
from receiving.providers.base import Mistakes, Provider
from receiving.rejection_reasons import InvalidSignature
from receiving.signature_checks import matches_any, secrets_with_prefix, verify_header

SIGNATURE_HEADER = "heroku-webhook-hmac-sha256"
AUTHORIZATION_PREFIX = "authorization:"
PAST_TENSE = {"create": "created", "update": "updated", "destroy": "destroyed"}
LABELS = {  # resource -> paths at which its name may be
    "addon": ("data.name",),
    "addon-attachment": ("data.name",),
    "domain": ("data.hostname",),
    "dyno": ("data.name", "data.type"),
    "formation": ("data.type",),
    "release": ("data.version",),
}
RUNS = {"succeeded": "succeeded", "failed": "failed", "pending": "is in progress"}
STATES = {  # resource -> state or status -> phrase; otherwise the action is reported
    "build": RUNS,
    "dyno": {"up": "is up", "starting": "is starting", "crashed": "crashed", "down": "is down", "idle": "is idle"},
    "release": {"failed": "failed", "pending": "is in progress"},
}
APP = {"id": "11111111-aaaa-4bbb-8ccc-222222222222", "name": "bell-tower"}
SAMPLES: dict[str, dict[str, object]] = {
    "api:release": {
        "resource": "release",
        "action": "create",
        "data": {"app": APP, "version": 7, "status": "succeeded", "description": "Deploy 1a2b3c4", "current": True},
    },
    "api:build": {"resource": "build", "action": "update", "data": {"app": APP, "status": "succeeded"}},
    "api:dyno": {"resource": "dyno", "action": "update", "data": {"app": APP, "type": "web", "state": "up"}},
    "api:formation": {"resource": "formation", "action": "update", "data": {"app": APP, "type": "web", "quantity": 2}},
}
WRONG_AUTHORIZATION = Mistake(
    "other authorization",
    "its signature is valid, but its Authorization header does not match our settings",
    "Compare the value given to `heroku webhooks:add -t` with authorization: in HEROKU_WEBHOOK_SECRET.",
)


class Heroku(Provider):
    title = "Heroku"
    setting_description = (
        "Heroku: the webhook's secret, shown once by `heroku webhooks:add`; if you passed `-t`, also "
        "`authorization:` followed by that value, which every request must then contain as well"
    )
    max_bytes_by_type = {"application/json": 256 * 1024}
    claim_ttl_seconds = 7 * 24 * 3600  # Heroku retries for 72 hours
    samples = SAMPLES

    def check(self, secrets: Secrets) -> None:
        """Require a signing secret, because the Authorization header does not protect the body."""
        if not _signing_secrets(secrets):
            raise ValueError("must contain the webhook's secret, not only its authorization value")

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Require the Base64 HMAC-SHA256 of the raw body and, if one is set, the Authorization header."""
        expected = (_compute_signature(secret, delivery.body) for secret in _signing_secrets(secrets))
        verify_header(delivery, SIGNATURE_HEADER, expected)
        authorizations = list(secrets_with_prefix(secrets, AUTHORIZATION_PREFIX))
        if authorizations and not matches_any(delivery.headers.get("authorization", ""), authorizations):
            raise InvalidSignature("Authorization is not valid for this webhook.")

    def sign(self, delivery: Delivery, secrets: Secrets) -> Delivery:
        """Sign with the first secret, and add the Authorization header if one is set."""
        signature = _compute_signature(_signing_secrets(secrets)[0], delivery.body)
        signed = delivery.with_headers(**{SIGNATURE_HEADER: signature})
        authorizations = list(secrets_with_prefix(secrets, AUTHORIZATION_PREFIX))
        return signed.with_headers(authorization=authorizations[0]) if authorizations else signed

    def parse(self, delivery: Delivery) -> list[ProviderEvent]:
        """Return one event, such as `api:release`; a retry has the same delivery id and another attempt id."""
        payload = parse_json(delivery.body)
        event = ProviderEvent("", payload, "")
        name = event["webhook_metadata.event.include"] or event["resource"]
        return [ProviderEvent(name, payload, event["webhook_metadata.delivery.id"] or delivery.fingerprint)]

    def summarize(self, event: ProviderEvent) -> str:
        """`bell-tower: release v7 was created (Deploy 1a2b3c4)`."""
        app = event["data.app.name"] or (event["data.name"] if event["resource"] == "app" else "") or "an app"
        resource = event["resource"] or event.name.rpartition(":")[2]
        label = (
            mask_email(event["data.user.email"])
            if resource == "collaborator"
            else _first(event, LABELS.get(resource, ()))
        )
        thing = f"{app}: {split_words(resource)} {label}".rstrip()
        state = event["data.state"] or (event["data.status"] if event["data.status"] != "succeeded" else "")
        if resource in STATES and (phrase := STATES[resource].get(event["data.state"] or event["data.status"])):
            return f"{thing} {phrase}"
        action = PAST_TENSE.get(event["action"], split_words(event["action"])) or "changed"
        detail = ", ".join(filter(None, (event["data.description"], state)))
        return f"{thing} was {action}" + (f" ({detail})" if detail else "")

    def sample(self, event_name: str, url: str) -> Delivery:
        """Return an event from an app named bell-tower."""
        parts = ("attempt", "delivery", "event", "webhook")
        metadata: dict[str, dict[str, str]] = {part: {"id": str(uuid.uuid4())} for part in parts}
        metadata["event"]["include"] = event_name
        payload = {
            "id": str(uuid.uuid4()),
            "actor": {"id": str(uuid.uuid4()), "email": "ada@mail.example"},
            "previous_data": {},
            "created_at": "2026-11-23T18:00:00Z",
            "sequence": None,
            "version": "application/vnd.heroku+json; version=3",
            "webhook_metadata": metadata,
        }
        return make_json_delivery(url, payload | SAMPLES[event_name])

    def mistakes(self, delivery: Delivery, secrets: Secrets) -> Mistakes:
        """Find a valid signature with an invalid Authorization header."""
        signing = _signing_secrets(secrets)
        return [(WRONG_AUTHORIZATION, delivery, signing)] if len(signing) < len(secrets) else []


def _first(event: ProviderEvent, paths: Iterable[str]) -> str:
    """Return the first value found at one of these paths; a version becomes `v7`."""
    path, value = next(((path, event[path]) for path in paths if event[path]), ("", ""))
    return f"v{value}" if path == "data.version" else value


def _compute_signature(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _signing_secrets(secrets: Secrets) -> Secrets:
    return tuple(secret for secret in secrets if not secret.startswith(AUTHORIZATION_PREFIX))
