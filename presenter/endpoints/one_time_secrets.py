"""An endpoint's new secret, which is kept encrypted until the endpoint's page shows it once."""

import json
import secrets

from flask import session

import context
from api import handlers, operations
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint

SECRET_TTL_SECONDS = 300  # how long a new secret is kept until it is shown


def store_secret(endpoint: WebhookEndpoint) -> None:
    """Store the newest key, encrypted, until this browser next requests the page. The cookie holds only a token."""
    session["secret_token"] = secrets.token_urlsafe(16)
    text = json.dumps({"id": endpoint.id, **handlers.describe_newest_key(endpoint)})
    encrypted = operations.get_encryption().encrypt(text)
    context.store().set(f"one_time_secret:{session['secret_token']}", encrypted, ex=SECRET_TTL_SECONDS)


def take_secret(id: str) -> str:
    """Return and delete this endpoint's stored key; "" if there is none."""
    token = str(session.pop("secret_token")) if "secret_token" in session else ""
    found = context.store().getdel(f"one_time_secret:{token}") if token else None
    stored = json.loads(operations.get_encryption().decrypt(found.decode())) if found else {}
    return str(stored.get("secret") or stored.get("public_key") or "") if stored.get("id") == id else ""
