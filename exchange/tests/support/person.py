"""A person with a handset."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ringback.testing.waiting import eventually

if TYPE_CHECKING:
    from support.exchange import Exchange


class Person:
    """A person with a handset."""

    def __init__(self, exchange: Exchange, number: str) -> None:
        self.exchange, self.number = exchange, number
        self.door = f"/handsets/{urllib.parse.quote(number)}"
        self.sid = ""

    def texts(self, body: str, **more: Any) -> dict[str, Any]:
        return self.exchange.post(f"{self.door}/texts", {"body": body, **more})

    def inbox(self) -> list[str]:
        found = self.exchange.get(f"{self.door}/texts")["texts"]
        return [text["body"] for text in found if text["direction"] == "received"]

    def gets(self, *bodies: str) -> None:
        eventually(lambda: self.inbox() == list(bodies), lambda: f"{bodies}, not {self.inbox()}")

    def dials(self, **more: Any) -> str:
        self.sid = self.exchange.post(f"{self.door}/calls", more)["sid"]
        return self.sid

    def call(self) -> dict[str, Any]:
        return self.exchange.get(f"{self.door}/calls/{self.sid}")

    def presses(self, digits: str, wait: float = 5) -> None:
        self.exchange.post(f"{self.door}/calls/{self.sid}/keys", {"digits": digits, "wait": wait})

    def speaks(self, words: str, wait: float = 5) -> None:
        self.exchange.post(f"{self.door}/calls/{self.sid}/speech", {"words": words, "wait": wait})

    def hangs_up(self) -> None:
        self.exchange.post(f"{self.door}/calls/{self.sid}/hangup", {})

    def answers(self) -> None:
        """Wait for the phone to ring, and answer it."""
        self._finds(lambda call: call["status"] == "ringing")
        self.exchange.post(f"{self.door}/calls/{self.sid}/answer", {})

    def is_called(self) -> None:
        """Wait for a call to this phone, in any state."""
        self._finds(lambda call: call["sid"] != self.sid)

    def _finds(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        found: list[dict[str, Any]] = []

        def comes() -> bool:
            calls = self.exchange.get(f"{self.door}/calls")["calls"]
            found[:] = [call for call in calls if call["direction"] == "incoming" and wanted(call)]
            return bool(found)

        eventually(comes, f"{self.number} is called")
        self.sid = found[-1]["sid"]

    def behaves(self, when_called: str) -> None:
        self.exchange.post(self.door, {"when_called": when_called})

    def heard(self, *verbs: str) -> list[str]:
        """Everything heard so far."""
        wanted = verbs or ("Say", "Voice")
        return [item["text"] for item in self.call()["heard"] if item["verb"] in wanted]

    def hears(self, *words: str) -> None:
        eventually(lambda: self.heard() == list(words), lambda: f"{words}, not {self.heard()}; {self.call()}")

    def hears_more_than(self, count: int) -> None:
        """Wait until more than this many items have been heard."""
        eventually(lambda: len(self.heard()) > count, lambda: f"more than {count}: {self.call()}")

    def hears_items(self, verb: str, count: int) -> None:
        """Wait until this many items of a kind have been heard."""
        eventually(lambda: [item["verb"] for item in self.call()["heard"]].count(verb) >= count, verb)

    def listens_for(self, kind: str) -> dict[str, Any]:
        """Wait until the call accepts this kind of input."""
        eventually(lambda: kind in (self.call()["listening"] or {}), lambda: f"{kind}: {self.call()}")
        return self.call()["listening"][kind]

    def has_the_floor(self, kind: str) -> None:
        """Wait until the app has finished speaking and accepts this kind of input."""

        def silent() -> bool:
            call = self.call()
            return kind in (call["listening"] or {}) and all(item["ended"] for item in call["heard"])

        eventually(silent, lambda: f"{kind}: {self.call()}")

    def is_left_with(self, status: str) -> None:
        eventually(lambda: self.call()["status"] == status, lambda: f"{status}: {self.call()}")
