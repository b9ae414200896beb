"""What of a message one subscriber gets: all of it, as little as a pointer, or all but what is not for its eyes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sending.webhooks.attempt import WebhookMessage
from sending.webhooks.endpoints import WebhookEndpoint

FULL, THIN = "full", "thin"
THIN_FIELDS = (
    "subject",
    "answer_id",
    "endpoint",
    "provider",
    "event",
)  # what a thin payload keeps: names of things, no words


def build_payload(message: WebhookMessage, subscriber: WebhookEndpoint, origin: str) -> WebhookMessage:
    """The message with the body that this subscriber gets; the same bytes each time, as long as its wishes stay.

    Whoever came by text has an owner and no token of ours: of another provider's webhook it gets the line for people.
    """
    if subscriber.payload_style == FULL and not subscriber.owner:
        return message
    told = json.loads(message.body)
    if subscriber.payload_style == THIN:
        told["data"] = build_thin_data(message.id, told["data"], origin)
    elif "payload" in told["data"]:
        told["data"]["payload"] = None
    return replace(message, body=serialize(told))


def build_thin_data(id: str, data: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """Ids, and the address that answers the whole event to who holds a token: what was told cannot leak on the way."""
    names = {name: data[name] for name in THIN_FIELDS if name in data}
    return {"id": id, **names, "url": f"{origin}/api/events/{id}"}


def serialize(told: Mapping[str, Any]) -> bytes:
    """The bytes of a message."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
