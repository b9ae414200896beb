"""The kinds of our own events: what each is about, what it holds, and an example."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TEXT, CALL = "SM0123456789abcdef0123456789abcdef", "CA0123456789abcdef0123456789abcdef"
ENDPOINT = "ep_0123456789abcdef"

WORDS: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
NUMBERS: dict[str, Any] = {"type": "array", "items": NUMBER}
NAMES: dict[str, Any] = {"type": "array", "items": WORDS}
ANYTHING: dict[str, Any] = {"type": ["object", "null"]}


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


def _subscriber(about: str, line: str, state: str = "on", why: str = "") -> Kind:
    holds = {"subscriber": WORDS, "host": WORDS, "kinds": NAMES, "state": WORDS, "why": WORDS}
    example = {"subscriber": ENDPOINT, "host": "hear.example", "kinds": ["text.*"], "state": state, "why": why}
    return Kind(about, line, holds, example)


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
    "call.spoken": Kind(
        "a caller was answered: what was said into the call, and how fast",
        "A caller was told: {answer}",
        {"story": WORDS, "answer": WORDS, "ms": NUMBER},
        {"story": CALL, "answer": "I flipped a coin: heads.", "ms": 4.1},
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
    "subscriber.created": _subscriber("an https address hears our webhooks from now on", "{host} hears our webhooks"),
    "subscriber.updated": _subscriber("a subscriber's wishes changed", "{host} wants to hear something else"),
    "subscriber.rotated": _subscriber("a subscriber has a new key; the old ones sign for a while", "{host}: a new key"),
    "subscriber.paused": _subscriber(
        "a subscriber wants nothing for now; what happens meanwhile waits",
        "{host} wants nothing for now",
        "paused",
        "You paused it.",
    ),
    "subscriber.resumed": _subscriber("a subscriber hears us again", "{host} hears us again"),
    "subscriber.disabled": _subscriber(
        "we no longer send to a subscriber: it asked us to, or took nothing for too long",
        "No more webhooks to {host}: {why}",
        "off",
        "It answered 410, gone, so we stopped.",
    ),
    "subscriber.deleted": _subscriber("a subscriber is forgotten", "{host} is forgotten"),
}
PROVIDERS_EVENT = Kind(
    "another provider told us something: the provider, the event in its own word, a line for people, and what the "
    "provider itself wrote, for who may see it",
    "{line}",
    {"provider": WORDS, "event": WORDS, "line": WORDS, "payload": ANYTHING},
    {
        "provider": "github",
        "event": "star",
        "line": "ada gave a star in talk/demo, now 41",
        "payload": {
            "action": "created",
            "repository": {"full_name": "talk/demo", "stargazers_count": 41},
            "sender": {"login": "ada"},
        },
    },
    is_open=True,
)
OPEN = tuple(name for name, kind in CATALOGUE.items() if kind.is_open)
