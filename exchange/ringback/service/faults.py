"""Fault injection: failures that can happen between Twilio and an app, each with a probability and a maximum count."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from typing import Any

from ringback.evidence import Evidence, documented, inferred

FAULT_KINDS = {
    "rest-refuse": "reject a REST API request with the given `status` (429, 500, 503, …)",
    "rest-drop": "process a REST API request, then close the connection without a response",
    "rest-delay": "wait the given `seconds` before processing a REST API request",
    "rest-slow": "send a REST API response slowly, over the given `seconds`",
    "webhook-duplicate": "send the given number of `copies` of a webhook simultaneously",
    "webhook-delay": "wait the given `seconds` before sending a webhook",
    "webhook-reorder": "hold a webhook until the next one has been sent, for at most the given `seconds`",
    "webhook-slow": "send a webhook's body slowly, over the given `seconds`",
    "webhook-drop": "drop a webhook: the app never receives it",
    "webhook-wrong-signature": "sign a webhook with a wrong auth token",
    "webhook-truncate": "cut off the second half of the app's response to a webhook",
    "socket-refuse": "answer a WebSocket handshake with the given `status` instead of 101",
    "socket-slow": "wait the given `seconds` before a WebSocket handshake",
    "socket-drop": "drop a WebSocket without a close frame, the given `seconds` after its handshake",
    "stream-jump": "lose the given `seconds` of a media stream: the timestamps jump, the sequence numbers do not",
    "stream-lost-mark": "never return a mark to the app",
    "relay-1007": "close a ConversationRelay WebSocket as malformed (1007), the given `seconds` after its handshake",
    "transcription-fails": "end a real-time transcription with the error 32651, instead of its next result",
    "message-filter": "filter a message as a carrier would: its status becomes undelivered, with error 30007",
    "stale-document": "when a live call is updated, first request the next URL of its old document",
}
WEBHOOK_FILTERS = ("channel", "path")
# The parameters of each kind, in addition to `times` and `chance`, which all kinds have.
FAULT_PARAMETERS: dict[str, tuple[str, ...]] = {
    "rest-refuse": ("status", "path"),
    "rest-drop": ("path",),
    "rest-delay": ("seconds", "path"),
    "rest-slow": ("seconds", "path"),
    "webhook-duplicate": ("copies", *WEBHOOK_FILTERS),
    "webhook-delay": ("seconds", *WEBHOOK_FILTERS),
    "webhook-reorder": ("seconds", *WEBHOOK_FILTERS),
    "webhook-slow": ("seconds", *WEBHOOK_FILTERS),
    "webhook-drop": WEBHOOK_FILTERS,
    "webhook-wrong-signature": WEBHOOK_FILTERS,
    "webhook-truncate": WEBHOOK_FILTERS,
    "socket-refuse": ("status", *WEBHOOK_FILTERS),
    "socket-slow": ("seconds", *WEBHOOK_FILTERS),
    "socket-drop": ("seconds", *WEBHOOK_FILTERS),
    "stream-jump": ("seconds", "path"),
    "stream-lost-mark": ("path",),
    "relay-1007": ("seconds", "path"),
    "transcription-fails": ("path",),
    "message-filter": (),
    "stale-document": (),
}
# Whether Twilio's documentation describes the failure.
FAULT_EVIDENCE: dict[str, Evidence] = {
    "rest-refuse": documented("api/errors/20429"),
    "rest-drop": inferred("usage/requests-to-twilio"),
    "rest-delay": inferred("usage/requests-to-twilio"),
    "rest-slow": inferred("usage/requests-to-twilio"),
    "webhook-duplicate": inferred("usage/webhooks/webhooks-connection-overrides"),
    "webhook-delay": inferred("usage/webhooks/webhooks-faq"),
    "webhook-reorder": documented("voice/api/call-resource"),
    "webhook-slow": inferred("usage/webhooks/webhooks-faq"),
    "webhook-drop": inferred("usage/webhooks/webhooks-faq"),
    "webhook-wrong-signature": inferred("usage/security"),
    "webhook-truncate": inferred("usage/webhooks/webhooks-faq"),
    "socket-refuse": inferred("voice/media-streams"),
    "socket-slow": inferred("voice/media-streams"),
    "socket-drop": inferred("voice/media-streams"),
    "relay-1007": documented("voice/conversationrelay/websocket-messages"),
    "stream-jump": inferred("voice/media-streams/websocket-messages"),
    "stream-lost-mark": inferred("voice/media-streams/websocket-messages"),
    "transcription-fails": documented("api/errors/32651"),
    "message-filter": documented("api/errors/30007"),
    "stale-document": inferred("voice/api/call-resource"),
}
FAULT_OPTIONS = ("status", "seconds", "copies", "channel", "path")
CHANNELS = ("", "voice", "sms", "voice-status", "sms-status", "status", "media", "rest", "stream", "relay")
MAX_TIMES = 1_000_000


class InvalidFault(ValueError):
    """A fault with an unknown kind or an invalid parameter; the message says which."""


@dataclass
class Fault:
    """One active fault. It is triggered with the probability `chance`, at most `times` times.

    `channel` limits it to one channel, and `path` to URLs that contain that string; "" means no limit.
    `struck` counts how often the fault has been triggered."""

    kind: str
    id: int = 0
    times: int = 1
    chance: float = 1.0
    channel: str = ""
    path: str = ""
    status: int = 503
    seconds: float = 1.0
    copies: int = 2
    struck: int = field(default=0)

    def __post_init__(self) -> None:
        """Validates the fields. Raises InvalidFault."""
        if self.kind not in FAULT_KINDS:
            raise InvalidFault(f"{self.kind!r} is not a kind of fault. The kinds are {', '.join(FAULT_KINDS)}.")
        if self.channel not in CHANNELS:
            raise InvalidFault(f"{self.channel!r} is not a channel. The channels are {', '.join(CHANNELS[1:])}.")
        _check_range("times", self.times, 1, MAX_TIMES)
        _check_range("chance", self.chance, 0, 1)
        _check_range("status", self.status, 400, 599)
        _check_range("seconds", self.seconds, 0, 3600)
        _check_range("copies", self.copies, 2, 100)

    def matches(self, kind: str, channel: str, path: str) -> bool:
        return kind == self.kind and self.channel in ("", channel) and self.path in path

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"means": FAULT_KINDS[self.kind]}


class FaultInjector:
    """The active faults by id, oldest first. The first one that matches is triggered."""

    def __init__(self, seed: int = 0) -> None:
        self.reseed(seed)
        self.count = 0
        self.active: dict[int, Fault] = {}

    def reseed(self, seed: int) -> None:
        """Reseed the random generator for `chance`. The same seed produces the same failures."""
        self.seed, self.random = seed, random.Random(seed)  # noqa: S311 - must be reproducible, not secure

    def add(self, fields: dict[str, Any]) -> Fault:
        """Activate a fault. Raises InvalidFault."""
        types = {"times": int, "status": int, "copies": int, "seconds": (int, float), "chance": (int, float)}
        if not isinstance(fields.get("kind"), str):
            raise InvalidFault(f"A fault needs a kind: {', '.join(FAULT_KINDS)}")
        for name, value in fields.items():
            if name not in Fault.__dataclass_fields__ or name in ("id", "struck"):
                raise InvalidFault(f"A fault has no {name!r}, only kind, times, chance, {', '.join(FAULT_OPTIONS)}")
            if not isinstance(value, types.get(name, str)) or isinstance(value, bool):  # type: ignore[arg-type]
                raise InvalidFault(f"{name} cannot be {value!r}")
        self.count += 1
        fault = Fault(**fields, id=self.count)
        self.active[fault.id] = fault
        return fault

    def add_from_text(self, text: str) -> Fault:
        """Activate a fault in the format of --fault: `rest-refuse,status=429,times=2`. Raises InvalidFault."""
        kind, *options = text.split(",")
        fields: dict[str, Any] = {"kind": kind.strip()}
        for option in options:
            name, equals, value = (part.strip() for part in option.partition("="))
            if not equals:
                raise InvalidFault(f"Write {text!r} as kind,name=value,name=value")
            fields[name] = _number_or_text(value)
        return self.add(fields)

    def trigger(self, kind: str, channel: str = "", path: str = "") -> Fault | None:
        """Returns the fault to apply now, or None. A fault becomes inactive once triggered `times` times."""
        if not self.active:
            return None
        for fault in list(self.active.values()):
            if fault.matches(kind, channel, path) and self.random.random() < fault.chance:
                fault.struck += 1
                if fault.struck >= fault.times:
                    del self.active[fault.id]
                return fault
        return None


def _check_range(name: str, value: float, minimum: float, maximum: float) -> None:
    if not minimum <= value <= maximum:
        raise InvalidFault(f"{name} must be between {minimum} and {maximum}, not {value}")


def _number_or_text(text: str) -> str | int | float:
    for number_type in (int, float):
        try:
            return number_type(text)
        except ValueError:
            continue
    return text
