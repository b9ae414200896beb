"""A person's end of a call: what reaches their ear, and the keys, words and sounds that come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ringback.service.clock import Clock
from ringback.service.dates import iso8601_milliseconds

CHARACTERS_A_SECOND = 14  # how fast people speak
LONGEST_WAIT = 4  # times the natural length that a page may take to speak aloud…
GRACE = 5.0  # …and seconds more
Publish = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class Key:
    digit: str


@dataclass(frozen=True)
class Words:
    text: str
    confidence: float | None = None


@dataclass(frozen=True)
class Audio:
    sound: bytes  # PCM, 16 bit, mono, 8,000 a second


@dataclass(frozen=True)
class Tune:
    """Something an exchange plays to another."""

    url: str
    source: str
    seconds: float


Event = Key | Words | Audio | Tune


class Heard:
    """One thing that reached the ear."""

    def __init__(self, number: int, verb: str, at: str | None, details: dict[str, Any]) -> None:
        self.id, self.verb, self.at, self.details = number, verb, at, details
        self.ended: str | None = None
        self.interrupted = False
        self.spoken = asyncio.Event()
        self.speaking = False

    def shown(self) -> dict[str, Any]:
        ends = {"ended": self.ended, "interrupted": self.interrupted}
        return {"id": self.id, "verb": self.verb, "at": self.at} | self.details | ends


class Line:
    """The ear and the mouth of one handset in one call."""

    def __init__(self, clock: Clock, pace: float, publish: Publish) -> None:
        self.clock, self.pace, self.publish = clock, pace, publish
        self.heard: list[Heard] = []
        self.listening: dict[str, Any] | None = None
        self.inbox: asyncio.Queue[Event] | None = None
        self._changed = asyncio.Event()

    def hear(self, verb: str, **details: Any) -> Heard:
        item = Heard(len(self.heard) + 1, verb, iso8601_milliseconds(self.clock.now()), details)
        self.heard.append(item)
        self.publish("heard", item.shown())
        return item

    def over(self, item: Heard, interrupted: bool = False) -> None:
        """An item has ended."""
        item.ended, item.interrupted = iso8601_milliseconds(self.clock.now()), interrupted
        self.publish("ended", item.shown())

    def overhear(self, verb: str, **details: Any) -> None:
        """Hear something that nothing waits for."""
        self.over(self.hear(verb, **details))

    async def lasting(self, item: Heard, seconds: float) -> None:
        """Let an item last its time; cut short, it says so. A page that speaks it aloud may end or prolong it."""
        with self._ending(item), suppress(TimeoutError):
            await self._until_spoken(item, seconds)

    async def silent(self, item: Heard, seconds: float) -> None:
        """Like lasting, for silence: it takes its real time whatever the pace."""
        with self._ending(item):
            await self.clock.sleep(seconds)

    @contextmanager
    def _ending(self, item: Heard) -> Iterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            self.over(item, interrupted=True)
            raise
        self.over(item)

    async def _until_spoken(self, item: Heard, seconds: float) -> None:
        natural = seconds * self.pace
        if natural <= 0:
            return await asyncio.sleep(0)
        with suppress(TimeoutError):
            async with self.clock.deadline(natural):
                await item.spoken.wait()
        if item.speaking and not item.spoken.is_set():
            async with self.clock.deadline(natural * (LONGEST_WAIT - 1) + GRACE):
                await item.spoken.wait()

    def reported(self, number: int, speaking: bool) -> bool:
        """The handset says that it speaks an item, or has finished. False if there is no such item."""
        if not 1 <= number <= len(self.heard):
            return False
        item = self.heard[number - 1]
        item.speaking = speaking
        if not speaking:
            item.spoken.set()
        return True

    @contextmanager
    def listen(self, description: dict[str, Any]) -> Iterator[asyncio.Queue[Event]]:
        """Take what the person does for as long as this lasts; whoever listened before goes on afterwards."""
        before = self.inbox, self.listening
        inbox: asyncio.Queue[Event] = asyncio.Queue()
        self._set(inbox, description)
        try:
            yield inbox
        finally:
            self._set(*before)

    def describe(self, description: dict[str, Any]) -> None:
        """What is listened for has changed in detail (digits so far)."""
        self._set(self.inbox, description)

    def _set(self, inbox: asyncio.Queue[Event] | None, description: dict[str, Any] | None) -> None:
        self.inbox, self.listening = inbox, description
        self.publish("listening", {"listening": description})
        self._changed.set()

    def give(self, event: Event) -> bool:
        """Pass on what the person did; False if nothing listens and it is lost."""
        if self.inbox is None:
            return False
        self.inbox.put_nowait(event)
        return True

    async def somebody_listens(self, seconds: float, key: bool) -> bool:
        """Wait until keys (or else words) would be taken."""
        try:
            async with self.clock.deadline(seconds):
                while not self._takes(key):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _takes(self, key: bool) -> bool:
        gather = (self.listening or {}).get("gather")
        if gather:
            return ("dtmf" if key else "speech") in gather["input"]
        return self.listening is not None


def seconds_to_say(text: str) -> float:
    return max(len(text) / CHARACTERS_A_SECOND, 0.3)


def seconds_spoken(event: Words | Audio, pace: float) -> float:
    """How long it still takes to say this: what a microphone heard is over."""
    return seconds_to_say(event.text) * pace if isinstance(event, Words) else 0.0
