"""Faults on purpose: what may go wrong between Twilio and an app, switched on for so many times, by seeded dice."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from typing import Any

FAULT_KINDS = {
    "rest-refuse": "answer REST with `status` (429, 500, 503…) instead of doing what is asked",
    "rest-drop": "do what REST is asked, then close the connection without an answer",
    "rest-delay": "answer REST after `seconds`",
    "rest-slow": "answer REST drop by drop, for `seconds` in all",
    "webhook-duplicate": "deliver a webhook `copies` times at once",
    "webhook-delay": "deliver a webhook after `seconds`",
    "webhook-reorder": "hold a webhook back until the next one has overtaken it, or for `seconds`",
    "webhook-slow": "send a webhook's form drop by drop, for `seconds` in all",
    "webhook-drop": "do not deliver a webhook",
    "webhook-wrong-signature": "sign a webhook with another token",
    "webhook-truncate": "lose the second half of a webhook's answer",
    "message-filter": "a carrier keeps a text: undelivered, 30007",
    "stale-document": "on a live update, first ask for what the old document would have led to",
}
WEBHOOK_FILTERS = ("channel", "path")
# What each kind heeds, besides how often and with what chance.
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
    "message-filter": (),
    "stale-document": (),
}
CHANNELS = ("", "voice", "sms", "voice-status", "sms-status", "status", "media", "rest")
MAX_TIMES = 1_000_000


class InvalidFault(ValueError):
    """The fault makes no sense; the message says why."""


@dataclass
class Fault:
    """One kind of fault. It strikes with `chance`, at most `times` times, where channel and path fit ("" fits all)."""

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
        """Refuse what makes no sense. Raises BadFault."""
        if self.kind not in FAULT_KINDS:
            raise InvalidFault(f"{self.kind!r} is not a kind of fault; the kinds are {', '.join(FAULT_KINDS)}")
        if self.channel not in CHANNELS:
            raise InvalidFault(f"{self.channel!r} is not a channel; the channels are {', '.join(CHANNELS[1:])}")
        _between("times", self.times, 1, MAX_TIMES)
        _between("chance", self.chance, 0, 1)
        _between("status", self.status, 400, 599)
        _between("seconds", self.seconds, 0, 3600)
        _between("copies", self.copies, 2, 100)

    def matches(self, kind: str, channel: str, path: str) -> bool:
        return kind == self.kind and self.channel in ("", channel) and self.path in path

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"means": FAULT_KINDS[self.kind]}


class FaultInjector:
    """Those switched on, in order; the first that fits strikes."""

    def __init__(self, seed: int = 0) -> None:
        self.reseed(seed)
        self.count = 0
        self.active: dict[int, Fault] = {}

    def reseed(self, seed: int) -> None:
        """Throw the dice anew: the same seed makes the same things go wrong."""
        self.seed, self.dice = seed, random.Random(seed)  # noqa: S311 - repeatable on purpose

    def add(self, given: dict[str, Any]) -> Fault:
        """Switch one on. Raises BadFault."""
        types = {"times": int, "status": int, "copies": int, "seconds": (int, float), "chance": (int, float)}
        if not isinstance(given.get("kind"), str):
            raise InvalidFault(f"Say which kind: {', '.join(FAULT_KINDS)}")
        for name, value in given.items():
            wanted = types.get(name, str)
            if name not in Fault.__dataclass_fields__ or name in ("id", "struck"):
                raise InvalidFault(f"{name!r} is not known; a fault has kind, times, chance, channel, path, status, …")
            if not isinstance(value, wanted) or isinstance(value, bool):  # type: ignore[arg-type]
                raise InvalidFault(f"{name} cannot be {value!r}")
        self.count += 1
        fault = Fault(**given, id=self.count)
        self.active[fault.id] = fault
        return fault

    def add_from_text(self, written: str) -> Fault:
        """Switch one on from the command line: `rest-refuse,status=429,times=2`. Raises BadFault."""
        kind, *rest = written.split(",")
        given: dict[str, Any] = {"kind": kind.strip()}
        for part in rest:
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals:
                raise InvalidFault(f"Write {written!r} as kind,name=value,name=value")
            given[name] = _value(value)
        return self.add(given)

    def trigger(self, kind: str, channel: str = "", path: str = "") -> Fault | None:
        """The fault that strikes now, if any; it is used up by one."""
        for fault in list(self.active.values()):
            if fault.matches(kind, channel, path) and self.dice.random() < fault.chance:
                fault.struck += 1
                if fault.struck >= fault.times:
                    del self.active[fault.id]
                return fault
        return None


def _between(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise InvalidFault(f"{name} must be between {least} and {most}, not {value}")


def _value(written: str) -> str | int | float:
    for read in (int, float):
        try:
            return read(written)
        except ValueError:
            continue
    return written
