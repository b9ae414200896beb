"""Our own events as the world may hear them: what each is called, its schema, and the words for it.

The envelope is Standard Webhooks': `{"type": …, "timestamp": …, "data": {…}}`.
"""

import re
from collections.abc import Mapping
from math import isfinite, nan
from typing import Any

from events import Event
from sending.webhooks.event_types import CATALOGUE, OPEN, PROVIDERS_EVENT, Kind
from sending.webhooks.payloads import NAMES, thin

__all__ = ["CATALOGUE", "OPEN"]

ANOTHERS = "webhook.received"  # what another provider told us goes out under its own name: github.pull_request
NAME = r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$"
NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_]+")
TIME, ID = "2026-11-23T18:00:00.000Z", "msg_1763920800000_0"


def message_of(event: str) -> str:
    """The id of the message that tells of the event with this id."""
    return f"msg_{event.replace('-', '_')}"


def name_of(event: Event) -> str | None:
    """What this event is called outside, or None when it stays in the house."""
    if event.kind == ANOTHERS:
        return ".".join(filter(None, map(in_a_name, (event.facts["provider"], *str(event.facts["event"]).split(".")))))
    return event.kind if event.kind in CATALOGUE else None


def in_a_name(word: str) -> str:
    """The word as it may stand in an event's name: `api:release` is `api_release`."""
    return NOT_IN_A_NAME.sub("_", str(word)).strip("_")


def kind_of(name: str) -> Kind:
    """The catalogue's entry for an event of this name."""
    return CATALOGUE.get(name, PROVIDERS_EVENT)


def data_of(event: Event, payload: Any = None) -> dict[str, Any]:
    """What is told outside: the fields that the catalogue promises, each of its type, and no others.

    `payload` is another provider's own words, which are too long for the stream of events.
    """
    facts = {"story": event.story, **event.facts, "payload": payload}
    holds = kind_of(name_of(event) or "").holds
    return {field: _as(schema, facts.get(field)) for field, schema in holds.items()}


def line_of(event: Event) -> str:
    """The same as one line for a person."""
    return kind_of(name_of(event) or "").line.format_map(data_of(event))


def schema(name: str, *, is_thin: bool = False) -> dict[str, Any]:
    """The JSON schema (2020-12) of the whole message, full or thin."""
    kind = kind_of(name)
    holds = _thin_holds(kind) if is_thin else kind.holds
    data = {"type": "object", "properties": dict(holds), "required": list(holds)}
    type_ = {"const": name} if name in CATALOGUE else {"type": "string", "pattern": NAME}
    parts = {"type": type_, "timestamp": {"type": "string", "format": "date-time"}, "data": data}
    return {"description": kind.about, "type": "object", "properties": parts, "required": list(parts)}


def example(name: str, *, is_thin: bool = False, origin: str = "https://talk.example") -> dict[str, Any]:
    """A whole message of this name, full or thin."""
    data = dict(kind_of(name).example)
    if name not in CATALOGUE:
        data["provider"], _, data["event"] = name.partition(".")
    return {"type": name, "timestamp": TIME, "data": thin(ID, data, origin) if is_thin else data}


def _thin_holds(kind: Kind) -> dict[str, dict[str, Any]]:
    names = {name: holds for name, holds in kind.holds.items() if name in NAMES}
    return {"id": {"type": "string"}, **names, "url": {"type": "string", "format": "uri-reference"}}


def _as(wanted: Mapping[str, Any], value: Any) -> Any:
    """The value in the type that the schema promises, whatever it was."""
    if wanted["type"] == "string":
        return "" if value is None else str(value)
    if wanted["type"] == "array":
        return [_as(wanted["items"], one) for one in value] if isinstance(value, list) else []
    if "object" in wanted["type"]:
        return value if isinstance(value, dict) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = nan
    return number if isfinite(number) else None if "null" in wanted["type"] else 0.0
