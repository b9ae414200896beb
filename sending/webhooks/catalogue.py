"""Our own events as the world may hear them: what each is called, its schema, and the words for it.

The envelope is Standard Webhooks': `{"type": …, "timestamp": …, "data": {…}}`.
"""

import re
from collections.abc import Mapping
from math import isfinite, nan
from typing import Any

from events import Event
from sending.webhooks.event_types import CATALOGUE as CATALOGUE
from sending.webhooks.event_types import PROVIDER_EVENT_TYPE, EventType
from sending.webhooks.event_types import PUBLIC_EVENT_TYPES as PUBLIC_EVENT_TYPES
from sending.webhooks.payloads import THIN_FIELDS, build_thin_data

PROVIDER_EVENT = "webhook.received"  # what another provider told us goes out under its own name: github.pull_request
EVENT_TYPE_PATTERN = r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$"
INVALID_NAME_CHARACTERS = re.compile(r"[^A-Za-z0-9_]+")
EXAMPLE_TIMESTAMP, EXAMPLE_MESSAGE_ID = "2026-11-23T18:00:00.000Z", "msg_1763920800000_0"


def message_id_for(event: str) -> str:
    """The id of the message that tells of the event with this id."""
    return f"msg_{event.replace('-', '_')}"


def public_type(event: Event) -> str | None:
    """What this event is called outside, or None when it stays in the house."""
    if event.type == PROVIDER_EVENT:
        return ".".join(
            filter(None, map(normalize_name, (event.data["provider"], *str(event.data["event"]).split("."))))
        )
    return event.type if event.type in CATALOGUE else None


def normalize_name(word: str) -> str:
    """The word as it may stand in an event's name: `api:release` is `api_release`."""
    return INVALID_NAME_CHARACTERS.sub("_", str(word)).strip("_")


def get_event_type(name: str) -> EventType:
    """The catalogue's entry for an event of this name."""
    return CATALOGUE.get(name, PROVIDER_EVENT_TYPE)


def build_data(event: Event, payload: Any = None) -> dict[str, Any]:
    """What is told outside: the fields that the catalogue promises, each of its type, and no others.

    `payload` is another provider's own words, which are too long for the stream of events.
    """
    facts = {"subject": event.subject, **event.data, "payload": payload}
    holds = get_event_type(public_type(event) or "").holds
    return {field: _coerce(build_schema, facts.get(field)) for field, build_schema in holds.items()}


def summarize(event: Event) -> str:
    """The same as one line for a person."""
    return get_event_type(public_type(event) or "").line.format_map(build_data(event))


def build_schema(name: str, *, is_thin: bool = False) -> dict[str, Any]:
    """The JSON schema (2020-12) of the whole message, full or thin."""
    kind = get_event_type(name)
    holds = _thin_fields(kind) if is_thin else kind.holds
    data = {"type": "object", "properties": dict(holds), "required": list(holds)}
    type_ = {"const": name} if name in CATALOGUE else {"type": "string", "pattern": EVENT_TYPE_PATTERN}
    parts = {"type": type_, "timestamp": {"type": "string", "format": "date-time"}, "data": data}
    return {"description": kind.about, "type": "object", "properties": parts, "required": list(parts)}


def build_example(name: str, *, is_thin: bool = False, origin: str = "https://talk.example") -> dict[str, Any]:
    """A whole message of this name, full or thin."""
    data = dict(get_event_type(name).example)
    if name not in CATALOGUE:
        data["provider"], _, data["event"] = name.partition(".")
    return {
        "type": name,
        "timestamp": EXAMPLE_TIMESTAMP,
        "data": build_thin_data(EXAMPLE_MESSAGE_ID, data, origin) if is_thin else data,
    }


def _thin_fields(kind: EventType) -> dict[str, dict[str, Any]]:
    names = {name: holds for name, holds in kind.holds.items() if name in THIN_FIELDS}
    return {"id": {"type": "string"}, **names, "url": {"type": "string", "format": "uri-reference"}}


def _coerce(wanted: Mapping[str, Any], value: Any) -> Any:
    """The value in the type that the schema promises, whatever it was."""
    if wanted["type"] == "string":
        return "" if value is None else str(value)
    if wanted["type"] == "array":
        return [_coerce(wanted["items"], one) for one in value] if isinstance(value, list) else []
    if "object" in wanted["type"]:
        return value if isinstance(value, dict) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = nan
    return number if isfinite(number) else None if "null" in wanted["type"] else 0.0
