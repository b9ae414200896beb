"""Every event type: its description, the fields of its data and, if it is sent as a webhook, a summary.

To add a type, add it to EVENT_TYPES. If the stage shows it, add a handler in stage/timeline_events.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]


def _string(description: str, example: str = "") -> Schema:
    return {"type": "string", "description": description, "examples": [example]}


def _number(description: str, example: float = 0) -> Schema:
    return {"type": "number", "description": description, "examples": [example]}


FIELDS: Mapping[str, Schema] = {
    "subject": _string("the sid of the text or call", "SM0123456789abcdef0123456789abcdef"),
    "who": _string("a phone number, masked", "+44 ••• 201"),
    "words": _string("what the person wrote or said", "time"),
    "answer": _string("what the app replied", "It is 19:00 CET."),
    "answer_id": _string("the id of a pending answer", "0f1e2d3c4b5a69788796"),
    "reason": _string("a human-readable reason"),
    "seconds": _number("a duration in seconds", 1.4),
    "ms": _number("a duration in milliseconds", 3.2),
    "outcome": _string("answered, failed, declined, not_understood, asked_back, opted_out or opted_in", "answered"),
    "status": _string("the status that Twilio reports", "completed"),
    "loudness": {"type": ["number", "null"], "description": "the mean loudness in dBFS", "examples": [-18.2]},
    "peaks": {
        "type": "array",
        "items": {"type": "number"},
        "description": "the waveform: one value from 0 to 1 for each column",
        "examples": [[0.1, 0.8, 0.3]],
    },
    "provider": _string("the name of the provider", "github"),
    "event": _string("the provider's name for the event", "star"),
    "summary": _string("a one-line human-readable summary", "ada gave a star in talk/demo, now 41"),
    "payload": {
        "type": ["object", "null"],
        "description": "the provider's JSON, for endpoints that may receive it",
        "examples": [
            {
                "action": "created",
                "repository": {"full_name": "talk/demo", "stargazers_count": 41},
                "sender": {"login": "ada"},
            }
        ],
    },
    "endpoint": _string("the id of the endpoint", "ep_0123456789abcdef"),
    "host": _string("the host in the endpoint's URL", "hear.example"),
    "event_types": {
        "type": "array",
        "items": {"type": "string"},
        "description": "what the endpoint is subscribed to; * or an empty list means everything",
        "examples": [["text.*"]],
    },
    "state": _string("enabled, paused or disabled", "enabled"),
}
"""Field of an event's data -> JSON Schema, with an example. Fields of events not sent as webhooks need no entry."""


@dataclass(frozen=True)
class EventType:
    """One type of event.

    `fields` are the field names of its data; in a webhook, "subject" is the event's subject. `summary` is a format
    string with these fields as placeholders; events without a summary are not sent as webhooks. `example` overrides
    the examples in FIELDS. Anyone may follow an `is_public` type: it reveals nothing that a person wrote or said.
    """

    description: str
    fields: tuple[str, ...]
    summary: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    is_public: bool = False


CALL: dict[str, Any] = {"subject": "CA0123456789abcdef0123456789abcdef"}
ATTEMPT = ("endpoint", "host", "attempt", "cause", "status", "ms")
ENDPOINT = ("endpoint", "host", "event_types", "state", "reason")

PROVIDER_EVENT = "webhook.received"  # sent under the provider's name for the event, such as github.pull_request
EVENT_TYPES: Mapping[str, EventType] = {
    "text.received": EventType("a text arrived", ("subject", "who", "words"), "{who} texted: {words}"),
    "text.answered": EventType(
        "the response to Twilio's webhook contained the reply",
        ("subject", "answer", "ms", "outcome"),
        "A text was answered: {answer}",
    ),
    "text.sent": EventType("a text was sent through the REST API", ("who", "answer", "segments")),
    "text.delivered": EventType("Twilio reported a new status for a text", ("status",)),
    "text.failed": EventType("a text could not or must not be sent", ("who", "reason")),
    "call.received": EventType("a call arrived", ("subject", "who"), "{who} called", CALL, is_public=True),
    "call.heard": EventType("the caller pressed a key or said something", ("words",)),
    "call.spoken": EventType(
        "a sentence was spoken to the caller",
        ("subject", "answer", "ms", "outcome"),
        "A caller heard: {answer}",
        CALL | {"answer": "I flipped a coin: heads."},
    ),
    "call.placed": EventType("we called somebody", ("who",)),
    "call.finished": EventType("a call that we placed ended", ("status",)),
    "call.ended": EventType(
        "a call ended",
        ("subject", "status", "seconds"),
        "A call ended after {seconds:.0f} s",
        CALL | {"seconds": 42.0},
        is_public=True,
    ),
    "answer.queued": EventType("a task was queued for a worker", ("answer_id", "command", "words")),
    "answer.started": EventType("a worker started the task", ("answer_id", "attempt")),
    "answer.progress": EventType("the task reported its progress, from 0 to 1", ("answer_id", "done", "words")),
    "answer.ready": EventType(
        "a worker finished a slow task",
        ("subject", "answer_id", "answer", "seconds", "outcome"),
        "After {seconds:.1f} s: {answer}",
        {"answer": "example.com is up."},
    ),
    "answer.failed": EventType(
        "a slow task failed or timed out, and the person got an apology",
        ("subject", "answer_id", "reason", "seconds"),
        "It did not work: {reason}",
        {"reason": "Sorry, I could not work that out.", "seconds": 120.0},
    ),
    "recording.left": EventType("the caller recorded a message", ("seconds",)),
    "recording.ready": EventType(
        "a worker analyzed a recorded message",
        ("subject", "seconds", "loudness", "peaks"),
        "Somebody left a {seconds:.0f}-second message",
        CALL | {"seconds": 6.5},
        is_public=True,
    ),
    PROVIDER_EVENT: EventType(
        "a webhook from another provider arrived",
        ("provider", "event", "summary", "payload"),
        "{summary}",
        is_public=True,
    ),
    "webhook.delivered": EventType("an endpoint accepted a webhook", ATTEMPT),
    "webhook.failed": EventType("an attempt failed and will be repeated", ATTEMPT),
    "webhook.dead": EventType("the last attempt failed", ATTEMPT),
    "endpoint.created": EventType("a webhook endpoint was registered", ENDPOINT, "We send webhooks to {host}"),
    "endpoint.updated": EventType("the options of an endpoint changed", ENDPOINT, "{host} has new options"),
    "endpoint.rotated": EventType(
        "an endpoint got a new key; older keys keep signing until they expire", ENDPOINT, "{host} has a new key"
    ),
    "endpoint.paused": EventType(
        "an endpoint was paused; its messages are kept",
        ENDPOINT,
        "{host} is paused",
        {"state": "paused", "reason": "Paused by its owner."},
    ),
    "endpoint.resumed": EventType("an endpoint was resumed", ENDPOINT, "{host} is resumed"),
    "endpoint.disabled": EventType(
        "an endpoint was disabled, because it asked for that or accepted nothing for too long",
        ENDPOINT,
        "No more webhooks to {host}: {reason}",
        {"state": "disabled", "reason": "The endpoint returned 410 Gone, so we disabled it."},
    ),
    "endpoint.deleted": EventType("an endpoint was deleted", ENDPOINT, "{host} is deleted"),
    "delivery.duplicate": EventType("a copy of a processed webhook got the stored response", ("address",)),
    "delivery.rejected": EventType(
        "a request failed verification; `more` counts earlier rejections that have no event",
        ("address", "reason", "more"),
    ),
    "person.opted_out": EventType("somebody texted STOP", ("who",)),
    "person.opted_in": EventType("somebody texted START", ("who",)),
    "show.changed": EventType("a scene of the talk, or what it shows, has changed", ()),
    "show.purged": EventType("what was stored about people, or about one of them, has been erased", ()),
    "sending.stopped": EventType("all sending was stopped, by a rate limit or by the presenter", ("reason",)),
    "sending.resumed": EventType("the presenter resumed sending", ()),
}
