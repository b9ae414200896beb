"""Heroku: https://devcenter.heroku.com/articles/app-webhooks.

It signs no time. An `authorization` given when the webhook was added comes as the header Authorization each time.
"""

import base64
import hashlib
import hmac
import uuid

from config import Secrets
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.errors import InvalidSignature
from receiving.provider_event import ProviderEvent, parse_json, split_words
from receiving.samples import make_json_delivery
from receiving.signatures import matches_any, secrets_with_prefix, verify_header

SETTING_DESCRIPTION = (
    "Heroku: the webhook's secret, shown once by `heroku webhooks:add`; if you gave it an authorization with -t, "
    "also `authorization:` and that value, and then both must fit"
)
SIGNATURE_HEADER = "heroku-webhook-hmac-sha256"
AUTHORIZATION_PREFIX = "authorization:"
MAX_BYTES_BY_TYPE = {"application/json": 256 * 1024}
CLAIM_TTL_SECONDS = 7 * 24 * 3600  # it tries for 72 hours


def check(secrets: Secrets) -> None:
    """An Authorization alone protects nothing: it is the same each time, and the body is free."""
    if not _signing_secrets(secrets):
        raise ValueError("must hold the webhook's secret, not only its authorization")


def verify(delivery: Delivery, secrets: Secrets) -> None:
    """The HMAC-SHA256 of the raw body in Base64 and, where one is set, the Authorization."""
    verify_header(
        delivery, SIGNATURE_HEADER, (_signature(secret, delivery.body) for secret in _signing_secrets(secrets))
    )
    wanted = list(secrets_with_prefix(secrets, AUTHORIZATION_PREFIX))
    if wanted and not matches_any(delivery.headers.get("authorization", ""), wanted):
        raise InvalidSignature("Authorization is not the one this webhook was added with.")


def sign(delivery: Delivery, secrets: Secrets) -> Delivery:
    """As Heroku signs it, with the Authorization where one is set."""
    signed = delivery.with_headers(**{SIGNATURE_HEADER: _signature(_signing_secrets(secrets)[0], delivery.body)})
    wanted = list(secrets_with_prefix(secrets, AUTHORIZATION_PREFIX))
    return signed.with_headers(authorization=wanted[0]) if wanted else signed


def _signature(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _signing_secrets(secrets: Secrets) -> Secrets:
    return tuple(secret for secret in secrets if not secret.startswith(AUTHORIZATION_PREFIX))


def parse(delivery: Delivery) -> list[ProviderEvent]:
    """One event, such as `api:release`; a retry has the same delivery id and another attempt id."""
    facts = parse_json(delivery.body)
    notice = ProviderEvent("", facts, "")
    name = notice["webhook_metadata.event.include"] or notice["resource"]
    return [ProviderEvent(name, facts, notice["webhook_metadata.delivery.id"] or delivery.fingerprint)]


def summarize(notice: ProviderEvent) -> str:
    """`bell-tower: release v7 was created (Deploy 1a2b3c4)`."""
    app = notice["data.app.name"] or notice["data.name"] or "an app"
    thing = split_words(notice["resource"] or notice.name)
    number = f" v{notice['data.version']}" if notice["data.version"] else ""
    more = notice["data.description"] or notice["data.status"] or notice["data.state"]
    done = {"create": "created", "update": "updated", "destroy": "destroyed"}.get(notice["action"], notice["action"])
    return f"{app}: {thing}{number} was {done or 'changed'}" + (f" ({more})" if more else "")


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


def sample(event: str, url: str) -> Delivery:
    """Such an event at an app called bell-tower."""
    parts = ("attempt", "delivery", "event", "webhook")
    names: dict[str, dict[str, str]] = {part: {"id": str(uuid.uuid4())} for part in parts}
    names["event"]["include"] = event
    facts = {
        "id": str(uuid.uuid4()),
        "actor": {"id": str(uuid.uuid4()), "email": "ada@mail.example"},
        "previous_data": {},
        "created_at": "2026-11-23T18:00:00Z",
        "sequence": None,
        "version": "application/vnd.heroku+json; version=3",
        "webhook_metadata": names,
    }
    return make_json_delivery(url, facts | SAMPLES[event])


def mistakes(delivery: Delivery, secrets: Secrets) -> list[tuple[Mistake, Delivery, Secrets]]:
    """The body is genuine, the Authorization is not."""
    return (
        [(WRONG_AUTHORIZATION, delivery, _signing_secrets(secrets))]
        if len(_signing_secrets(secrets)) < len(secrets)
        else []
    )


WRONG_AUTHORIZATION = Mistake(
    "other authorization",
    "the signature is genuine, but its Authorization is not the one in our settings",
    "Compare what `heroku webhooks:add -t` was given with authorization: in HEROKU_WEBHOOK_SECRET.",
)
