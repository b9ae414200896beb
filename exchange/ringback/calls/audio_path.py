"""A person's end of a call: what reaches their ear, and the keys, words and sounds that come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ringback.service.clock import Clock
from ringback.service.dates import iso8601_milliseconds

CHARACTERS_PER_SECOND = 14  # how fast people speak
MAX_SPEAKING_FACTOR = 4  # times the natural length that a page may take to speak aloud…
GRACE_SECONDS = 5.0  # …and seconds more
Publish = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class KeyPress:
    digit: str


@dataclass(frozen=True)
class Speech:
    text: str
    confidence: float | None = None


@dataclass(frozen=True)
class AudioClip:
    sound: bytes  # PCM, 16 bit, mono, 8,000 a second


@dataclass(frozen=True)
class PlayedMedia:
    """Something an exchange plays to another."""

    url: str
    source: str
    seconds: float


CallerInput = KeyPress | Speech | AudioClip | PlayedMedia


class HeardItem:
    """One thing that reached the ear."""

    def __init__(self, number: int, verb: str, at: str | None, details: dict[str, Any]) -> None:
        self.id, self.verb, self.at, self.details = number, verb, at, details
        self.ended: str | None = None
        self.interrupted = False
        self.spoken = asyncio.Event()
        self.speaking = False

    def as_json(self) -> dict[str, Any]:
        ends = {"ended": self.ended, "interrupted": self.interrupted}
        return {"id": self.id, "verb": self.verb, "at": self.at} | self.details | ends


class AudioPath:
    """The ear and the mouth of one handset in one call."""

    def __init__(self, clock: Clock, pace: float, publish: Publish) -> None:
        self.clock, self.pace, self.publish = clock, pace, publish
        self.heard: list[HeardItem] = []
        self.listening: dict[str, Any] | None = None
        self.inbox: asyncio.Queue[CallerInput] | None = None
        self._changed = asyncio.Event()

    def start_item(self, verb: str, **details: Any) -> HeardItem:
        item = HeardItem(len(self.heard) + 1, verb, iso8601_milliseconds(self.clock.now()), details)
        self.heard.append(item)
        self.publish("heard", item.as_json())
        return item

    def end_item(self, item: HeardItem, interrupted: bool = False) -> None:
        """An item has ended."""
        item.ended, item.interrupted = iso8601_milliseconds(self.clock.now()), interrupted
        self.publish("ended", item.as_json())

    def add_finished_item(self, verb: str, **details: Any) -> None:
        """Hear something that nothing waits for."""
        self.end_item(self.start_item(verb, **details))

    async def play_out(self, item: HeardItem, seconds: float) -> None:
        """Let an item last its time; cut short, it says so. A page that speaks it aloud may end or prolong it."""
        with self._ending(item), suppress(TimeoutError):
            await self._until_spoken(item, seconds)

    async def wait_in_silence(self, item: HeardItem, seconds: float) -> None:
        """Like lasting, for silence: it takes its real time whatever the pace."""
        with self._ending(item):
            await self.clock.sleep(seconds)

    @contextmanager
    def _ending(self, item: HeardItem) -> Iterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            self.end_item(item, interrupted=True)
            raise
        self.end_item(item)

    async def _until_spoken(self, item: HeardItem, seconds: float) -> None:
        natural = seconds * self.pace
        if natural <= 0:
            return await asyncio.sleep(0)
        with suppress(TimeoutError):
            async with self.clock.deadline(natural):
                await item.spoken.wait()
        if item.speaking and not item.spoken.is_set():
            async with self.clock.deadline(natural * (MAX_SPEAKING_FACTOR - 1) + GRACE_SECONDS):
                await item.spoken.wait()

    def report_speaking(self, number: int, speaking: bool) -> bool:
        """The handset says that it speaks an item, or has finished. False if there is no such item."""
        if not 1 <= number <= len(self.heard):
            return False
        item = self.heard[number - 1]
        item.speaking = speaking
        if not speaking:
            item.spoken.set()
        return True

    @contextmanager
    def listen(self, description: dict[str, Any]) -> Iterator[asyncio.Queue[CallerInput]]:
        """Take what the person does for as long as this lasts; whoever listened before goes on afterwards."""
        before = self.inbox, self.listening
        inbox: asyncio.Queue[CallerInput] = asyncio.Queue()
        self._set(inbox, description)
        try:
            yield inbox
        finally:
            self._set(*before)

    def update_listening(self, description: dict[str, Any]) -> None:
        """What is listened for has changed in detail (digits so far)."""
        self._set(self.inbox, description)

    def _set(self, inbox: asyncio.Queue[CallerInput] | None, description: dict[str, Any] | None) -> None:
        self.inbox, self.listening = inbox, description
        self.publish("listening", {"listening": description})
        self._changed.set()

    def take_input(self, event: CallerInput) -> bool:
        """Pass on what the person did; False if nothing listens and it is lost."""
        if self.inbox is None:
            return False
        self.inbox.put_nowait(event)
        return True

    async def wait_until_listening(self, seconds: float, key: bool) -> bool:
        """Wait until keys (or else words) would be taken."""
        try:
            async with self.clock.deadline(seconds):
                while not self._accepts(key):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _accepts(self, key: bool) -> bool:
        gather = (self.listening or {}).get("gather")
        if gather:
            return ("dtmf" if key else "speech") in gather["input"]
        return self.listening is not None


def speaking_seconds(text: str) -> float:
    return max(len(text) / CHARACTERS_PER_SECOND, 0.3)


def remaining_speech_seconds(event: Speech | AudioClip, pace: float) -> float:
    """How long it still takes to say this: what a microphone heard is over."""
    return speaking_seconds(event.text) * pace if isinstance(event, Speech) else 0.0
