"""Our own events as the world may hear them: what each is called, what it holds, and an example of each.

The envelope is Standard Webhooks': `{"type": …, "timestamp": …, "data": {…}}`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

from events import Event

ANOTHERS = "webhook.received"  # what another provider told us goes out under its own name: github.pull_request
NAME = r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$"
NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_]+")
TIME = "2026-11-23T18:00:00.000Z"
TEXT, CALL = "SM0123456789abcdef0123456789abcdef", "CA0123456789abcdef0123456789abcdef"

WORDS: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
NUMBERS: dict[str, Any] = {"type": "array", "items": NUMBER}


@dataclass(frozen=True)
class Kind:
    """One type of event. `holds` is the JSON schema of each field of `data`; all of them are always there.

    `line` says it to a person, from those fields. `is_open` tells that it holds nobody's words, so that anybody may
    hear of it.
    """

    about: str
    line: str
    holds: Mapping[str, dict[str, Any]]
    example: Mapping[str, Any]
    is_open: bool = False


CATALOGUE: Mapping[str, Kind] = {
    "text.received": Kind(
        "a text came in",
        "{who} texted: {words}",
        {"story": WORDS, "who": WORDS, "words": WORDS},
        {"story": TEXT, "who": "+44 ••• 201", "words": "time"},
    ),
    "text.answered": Kind(
        "a text was answered at once",
        "A text was answered: {answer}",
        {"story": WORDS, "answer": WORDS, "ms": NUMBER},
        {"story": TEXT, "answer": "It is 19:00 CET.", "ms": 3.2},
    ),
    "ask.answered": Kind(
        "a worker has finished something slow",
        "After {seconds:.1f} s: {answer}",
        {"story": WORDS, "ask": WORDS, "answer": WORDS, "seconds": NUMBER},
        {"story": TEXT, "ask": "0f1e2d3c4b5a69788796", "answer": "example.com is up.", "seconds": 1.4},
    ),
    "ask.failed": Kind(
        "something slow failed or took too long",
        "It did not work: {reason}",
        {"story": WORDS, "ask": WORDS, "reason": WORDS, "seconds": NUMBER},
        {"story": TEXT, "ask": "0f1e2d3c4b5a69788796", "reason": "Sorry, I could not work that out.", "seconds": 120.0},
    ),
    "call.received": Kind(
        "a call came in",
        "{who} called",
        {"story": WORDS, "who": WORDS},
        {"story": CALL, "who": "+44 ••• 201"},
        is_open=True,
    ),
    "call.ended": Kind(
        "a call is over",
        "A call ended after {seconds:.0f} s",
        {"story": WORDS, "status": WORDS, "seconds": NUMBER},
        {"story": CALL, "status": "completed", "seconds": 42.0},
        is_open=True,
    ),
    "recording.ready": Kind(
        "a recorded message was listened to: its length, its loudness in dBFS, its waveform from 0 to 1",
        "Somebody left a message of {seconds:.0f} s",
        {"story": WORDS, "seconds": NUMBER, "loudness": {"type": ["number", "null"]}, "peaks": NUMBERS},
        {"story": CALL, "seconds": 6.5, "loudness": -18.2, "peaks": [0.1, 0.8, 0.3]},
        is_open=True,
    ),
}
PROVIDERS_EVENT = Kind(
    "another provider told us something: the provider, the event in its own word, and a line for people",
    "{line}",
    {"provider": WORDS, "event": WORDS, "line": WORDS},
    {"provider": "github", "event": "star", "line": "ada gave a star in talk/demo, now 41"},
    is_open=True,
)
OPEN = tuple(name for name, kind in CATALOGUE.items() if kind.is_open)


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


def data_of(event: Event) -> dict[str, Any]:
    """What is told outside: the fields that the catalogue promises, each of its type, and no others."""
    facts = {"story": event.story, **event.facts}
    holds = kind_of(name_of(event) or "").holds
    return {field: _as(schema["type"], facts.get(field)) for field, schema in holds.items()}


def line_of(event: Event) -> str:
    """The same as one line for a person."""
    return kind_of(name_of(event) or "").line.format_map(data_of(event))


def schema(name: str) -> dict[str, Any]:
    """The JSON schema (2020-12) of the whole message."""
    kind = kind_of(name)
    data = {"type": "object", "properties": dict(kind.holds), "required": list(kind.holds)}
    type_ = (
        {"const": name} if name in CATALOGUE else {"type": "string", "pattern": r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$"}
    )
    parts = {"type": type_, "timestamp": {"type": "string", "format": "date-time"}, "data": data}
    return {"description": kind.about, "type": "object", "properties": parts, "required": list(parts)}


def example(name: str) -> dict[str, Any]:
    """A whole message of this name."""
    return {"type": name, "timestamp": TIME, "data": dict(kind_of(name).example)}


def _as(wanted: str | list[str], value: Any) -> Any:
    if wanted == "string":
        return "" if value is None else str(value)
    if wanted == "array":
        return [_as("number", one) for one in value] if isinstance(value, list) else []
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = nan
    return number if isfinite(number) else None if "null" in wanted else 0.0
