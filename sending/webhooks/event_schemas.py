"""Events as webhooks: their public types, data fields, JSON schemas, examples and summaries."""

import re
from collections.abc import Mapping
from math import isfinite, nan
from typing import Any

from event_types import EVENT_TYPES, FIELDS, PROVIDER_EVENT, EventType
from events import Event
from sending.webhooks.payloads import THIN_FIELDS, build_thin_data

CATALOGUE = {name: each for name, each in EVENT_TYPES.items() if each.summary and name != PROVIDER_EVENT}
PUBLIC_EVENT_TYPES = tuple(name for name, each in CATALOGUE.items() if each.is_public)
EVENT_TYPE_PATTERN = r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$"
INVALID_NAME_CHARACTERS = re.compile(r"[^A-Za-z0-9_]+")
EXAMPLE_TIMESTAMP, EXAMPLE_MESSAGE_ID = "2026-11-23T18:00:00.000Z", "msg_1763920800000_0"
EXAMPLE_PROVIDER_EVENT = "github.star"


def public_type(event: Event) -> str | None:
    """Return the type under which the event is sent, or None if it is not sent."""
    if event.type == PROVIDER_EVENT:
        return provider_event_type(event.data["provider"], str(event.data["event"]))
    return event.type if event.type in CATALOGUE else None


def provider_event_type(provider: str, event: str) -> str:
    """Return the type for another provider's event, such as heroku.api_release for Heroku's api:release."""
    return ".".join(filter(None, (normalize_name(provider), normalize_event(event))))


def normalize_event(event: str) -> str:
    """Return a provider's name for an event as it appears in an event type."""
    return ".".join(filter(None, map(normalize_name, event.split("."))))


def normalize_name(name: str) -> str:
    """Replace characters that event types must not contain with `_`."""
    return INVALID_NAME_CHARACTERS.sub("_", str(name)).strip("_")


def get_event_type(name: str) -> EventType:
    """Return the event type with this public name; unknown names are events from other providers."""
    return CATALOGUE.get(name, EVENT_TYPES[PROVIDER_EVENT])


def build_data(event: Event, payload: Any = None) -> dict[str, Any]:
    """Return the data for the event's webhook: exactly the fields of its type, coerced to their schemas.

    `payload` is the raw payload of another provider's event.
    """
    found = {"subject": event.subject, **event.data, "payload": payload}
    fields = get_event_type(public_type(event) or "").fields
    return {field: _coerce(FIELDS[field], found.get(field)) for field in fields}


def summarize(event: Event) -> str:
    """Return a one-line human-readable summary."""
    return get_event_type(public_type(event) or "").summary.format_map(build_data(event))


def build_schema(name: str, *, is_thin: bool = False) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the whole message, full or thin."""
    fields = {field: dict(FIELDS[field]) for field in get_event_type(name).fields}
    if is_thin:
        fields = {field: schema for field, schema in fields.items() if field in THIN_FIELDS}
        fields = {"id": {"type": "string"}, **fields, "url": {"type": "string", "format": "uri-reference"}}
    data = {"type": "object", "properties": fields, "required": list(fields)}
    type_ = {"const": name} if name in CATALOGUE else {"type": "string", "pattern": EVENT_TYPE_PATTERN}
    parts = {"type": type_, "timestamp": {"type": "string", "format": "date-time"}, "data": data}
    description = get_event_type(name).description
    return {"description": description, "type": "object", "properties": parts, "required": list(parts)}


def build_example(name: str, *, is_thin: bool = False, origin: str = "https://talk.example") -> dict[str, Any]:
    """Return an example of the whole message, full or thin. `origin` is the base URL for the thin message's link."""
    event_type = get_event_type(name)
    data = {field: FIELDS[field]["examples"][0] for field in event_type.fields} | dict(event_type.example)
    if name not in CATALOGUE:
        data["provider"], _, data["event"] = name.partition(".")
    if is_thin:
        data = build_thin_data(EXAMPLE_MESSAGE_ID, data, origin)
    return {"type": name, "timestamp": EXAMPLE_TIMESTAMP, "data": data}


def _coerce(schema: Mapping[str, Any], value: Any) -> Any:
    """Return the value converted to the schema's type, or an empty value of that type."""
    if schema["type"] == "string":
        return "" if value is None else str(value)
    if schema["type"] == "array":
        return [_coerce(schema["items"], each) for each in value] if isinstance(value, list) else []
    if "object" in schema["type"]:
        return value if isinstance(value, dict) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = nan
    return number if isfinite(number) else None if "null" in schema["type"] else 0.0
