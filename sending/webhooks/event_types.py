"""The kinds of our own events: what each is about, what it holds, and an example."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EXAMPLE_MESSAGE_SID, EXAMPLE_CALL_SID = "SM0123456789abcdef0123456789abcdef", "CA0123456789abcdef0123456789abcdef"
EXAMPLE_ENDPOINT_ID = "ep_0123456789abcdef"

STRING: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
NUMBERS: dict[str, Any] = {"type": "array", "items": NUMBER}
STRINGS: dict[str, Any] = {"type": "array", "items": STRING}
OBJECT_OR_NULL: dict[str, Any] = {"type": ["object", "null"]}


@dataclass(frozen=True)
class EventType:
    """One type of event. `holds` is the JSON schema of each field of `data`; all of them are always there.

    `line` says it to a person, from those fields. `is_open` tells that it holds nobody's words, so that anybody may
    hear of it.
    """

    about: str
    line: str
    holds: Mapping[str, dict[str, Any]]
    example: Mapping[str, Any]
    is_open: bool = False


def _endpoint_event_type(about: str, line: str, state: str = "enabled", reason: str = "") -> EventType:
    holds = {"endpoint": STRING, "host": STRING, "event_types": STRINGS, "state": STRING, "reason": STRING}
    example = {
        "endpoint": EXAMPLE_ENDPOINT_ID,
        "host": "hear.example",
        "event_types": ["text.*"],
        "state": state,
        "reason": reason,
    }
    return EventType(about, line, holds, example)


CATALOGUE: Mapping[str, EventType] = {
    "text.received": EventType(
        "a text came in",
        "{who} texted: {words}",
        {"subject": STRING, "who": STRING, "words": STRING},
        {"subject": EXAMPLE_MESSAGE_SID, "who": "+44 ••• 201", "words": "time"},
    ),
    "text.answered": EventType(
        "a text was answered at once",
        "A text was answered: {answer}",
        {"subject": STRING, "answer": STRING, "ms": NUMBER},
        {"subject": EXAMPLE_MESSAGE_SID, "answer": "It is 19:00 CET.", "ms": 3.2},
    ),
    "answer.ready": EventType(
        "a worker has finished something slow",
        "After {seconds:.1f} s: {answer}",
        {"subject": STRING, "answer_id": STRING, "answer": STRING, "seconds": NUMBER},
        {
            "subject": EXAMPLE_MESSAGE_SID,
            "answer_id": "0f1e2d3c4b5a69788796",
            "answer": "example.com is up.",
            "seconds": 1.4,
        },
    ),
    "answer.failed": EventType(
        "something slow failed or took too long",
        "It did not work: {reason}",
        {"subject": STRING, "answer_id": STRING, "reason": STRING, "seconds": NUMBER},
        {
            "subject": EXAMPLE_MESSAGE_SID,
            "answer_id": "0f1e2d3c4b5a69788796",
            "reason": "Sorry, I could not work that out.",
            "seconds": 120.0,
        },
    ),
    "call.received": EventType(
        "a call came in",
        "{who} called",
        {"subject": STRING, "who": STRING},
        {"subject": EXAMPLE_CALL_SID, "who": "+44 ••• 201"},
        is_open=True,
    ),
    "call.spoken": EventType(
        "a caller was answered: what was said into the call, and how fast",
        "A caller was told: {answer}",
        {"subject": STRING, "answer": STRING, "ms": NUMBER},
        {"subject": EXAMPLE_CALL_SID, "answer": "I flipped a coin: heads.", "ms": 4.1},
    ),
    "call.ended": EventType(
        "a call is over",
        "A call ended after {seconds:.0f} s",
        {"subject": STRING, "status": STRING, "seconds": NUMBER},
        {"subject": EXAMPLE_CALL_SID, "status": "completed", "seconds": 42.0},
        is_open=True,
    ),
    "recording.ready": EventType(
        "a recorded message was listened to: its length, its loudness in dBFS, its waveform from 0 to 1",
        "Somebody left a message of {seconds:.0f} s",
        {"subject": STRING, "seconds": NUMBER, "loudness": {"type": ["number", "null"]}, "peaks": NUMBERS},
        {"subject": EXAMPLE_CALL_SID, "seconds": 6.5, "loudness": -18.2, "peaks": [0.1, 0.8, 0.3]},
        is_open=True,
    ),
    "endpoint.created": _endpoint_event_type(
        "an https address hears our webhooks from now on", "{host} hears our webhooks"
    ),
    "endpoint.updated": _endpoint_event_type("a subscriber's wishes changed", "{host} wants to hear something else"),
    "endpoint.rotated": _endpoint_event_type(
        "a subscriber has a new key; the old ones sign for a while", "{host}: a new key"
    ),
    "endpoint.paused": _endpoint_event_type(
        "a subscriber wants nothing for now; what happens meanwhile waits",
        "{host} wants nothing for now",
        "paused",
        "You paused it.",
    ),
    "endpoint.resumed": _endpoint_event_type("a subscriber hears us again", "{host} hears us again"),
    "endpoint.disabled": _endpoint_event_type(
        "we no longer send to a subscriber: it asked us to, or took nothing for too long",
        "No more webhooks to {host}: {reason}",
        "disabled",
        "The endpoint returned 410 Gone, so we disabled it.",
    ),
    "endpoint.deleted": _endpoint_event_type("a subscriber is forgotten", "{host} is forgotten"),
}
PROVIDER_EVENT_TYPE = EventType(
    "another provider told us something: the provider, the event in its own word, a line for people, and what the "
    "provider itself wrote, for who may see it",
    "{line}",
    {"provider": STRING, "event": STRING, "line": STRING, "payload": OBJECT_OR_NULL},
    {
        "provider": "github",
        "event": "star",
        "line": "ada starred talk/demo (41 stars)",
        "payload": {
            "action": "created",
            "repository": {"full_name": "talk/demo", "stargazers_count": 41},
            "sender": {"login": "ada"},
        },
    },
    is_open=True,
)
PUBLIC_EVENT_TYPES = tuple(name for name, kind in CATALOGUE.items() if kind.is_open)
