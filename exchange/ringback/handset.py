"""A handset: a person's phone, with its settings, texts and calls."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ringback.account.geography import Place
from ringback.calls.call import Call
from ringback.messages.message import Message

WHEN_CALLED = ("rings", "answers", "machine", "busy", "never-answers", "fails")


@dataclass
class Handset:
    """A phone with its texts and calls, oldest first."""

    number: str
    name: str = ""
    when_called: str = "rings"  # one of WHEN_CALLED
    place: Place = field(default_factory=Place)
    add_ons: dict[str, Any] = field(default_factory=dict)  # the results of Twilio's add-ons for this number, by name
    texts: list[Message] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        own = {"number": self.number, "name": self.name, "when_called": self.when_called}
        return own | self.place.as_json(self.number) | {"add_ons": self.add_ons}

    def add_on_parameters(self) -> dict[str, str]:
        """The AddOns parameter of the webhook for an incoming call or message.

        Source: https://www.twilio.com/docs/marketplace/listings/usage (2026-11)"""
        results = {"status": "successful", "message": None, "code": None, "results": self.add_ons}
        return {"AddOns": json.dumps(results)} if self.add_ons else {}
