"""Message bodies: the Standard Webhooks envelope, and the variant that an endpoint receives."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from sending.webhooks.webhook_request import WebhookMessage

FULL, THIN = "full", "thin"
THIN_FIELDS = ("subject", "answer_id", "endpoint", "provider", "event")  # what a thin payload keeps: ids and names


def build_envelope(event_type: str, data: Mapping[str, Any], now: float) -> bytes:
    """Return the body `{"type": …, "timestamp": …, "data": …}`; `now` is a Unix timestamp in seconds."""
    timestamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return serialize({"type": event_type, "timestamp": timestamp, "data": data})


def build_payload(message: WebhookMessage, endpoint: WebhookEndpoint, origin: str) -> WebhookMessage:
    """Return the message with the body for this endpoint, which is the same on every attempt.

    An endpoint registered by SMS has an owner without an API token, so it does not get other providers' raw payloads.
    `origin` is the base URL for links to the API.
    """
    if endpoint.payload_style == FULL and not endpoint.owner:
        return message
    envelope = json.loads(message.body)
    if endpoint.payload_style == THIN:
        envelope["data"] = build_thin_data(message.id, envelope["data"], origin)
    elif "payload" in envelope["data"]:
        envelope["data"]["payload"] = None
    return replace(message, body=serialize(envelope))


def build_thin_data(id: str, data: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """Return the ids in the data, and the URL from which the holder of an API token can fetch the rest."""
    names = {name: data[name] for name in THIN_FIELDS if name in data}
    return {"id": id, **names, "url": f"{origin}/api/events/{id}"}


def serialize(envelope: Mapping[str, Any]) -> bytes:
    """Return the envelope as compact UTF-8 JSON."""
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
