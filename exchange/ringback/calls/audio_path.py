"""The handset's audio in one call: the items that are played to it, and the input from it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from ringback.service.clock import Clock
from ringback.service.dates import iso8601_milliseconds

# A browser that speaks an item aloud may take this many times the item's natural length, plus the grace period.
MAX_SPEAKING_FACTOR = 4
GRACE_SECONDS = 5.0
ITEMS_PER_YIELD = 10  # at pace 0, a call yields to other tasks after this many items


@dataclass(frozen=True)
class KeyPress:
    digit: str


@dataclass(frozen=True)
class Speech:
    text: str
    confidence: float | None = None


@dataclass(frozen=True)
class AudioClip:
    sound: bytes  # 16-bit mono PCM, 8,000 samples a second


@dataclass(frozen=True)
class PlayedMedia:
    """Media that the other call of a loopback plays."""

    url: str
    source: str
    seconds: float


CallerInput = KeyPress | Speech | AudioClip | PlayedMedia


class NoInbox(asyncio.Queue[CallerInput]):
    """The inbox of a verb that receives its input through an audio tap instead."""

    def put_nowait(self, item: CallerInput) -> None:
        """Discards the input."""


class HeardItem:
    """One item that the handset hears. `details` depends on the verb and is part of the JSON; it is never mutated, but
    may be replaced."""

    def __init__(self, number: int, verb: str, at: datetime, details: dict[str, Any]) -> None:
        self.id, self.verb, self.at, self.details = number, verb, at, details
        self.ended: datetime | None = None
        self.interrupted = False
        self.speaking = False  # a browser is speaking the item

    @cached_property
    def spoken(self) -> asyncio.Event:
        """Set once a browser has finished speaking the item."""
        return asyncio.Event()

    def as_json(self) -> dict[str, Any]:
        return self.as_json_at_start(self.details) | {
            "ended": iso8601_milliseconds(self.ended),
            "interrupted": self.interrupted,
        }

    def as_json_at_start(self, details: dict[str, Any]) -> dict[str, Any]:
        """The item's JSON as of its start, with these details."""
        start = {"id": self.id, "verb": self.verb, "at": iso8601_milliseconds(self.at)}
        return {**start, **details, "ended": None, "interrupted": False}


class AudioListener(Protocol):
    """What an AudioPath reports to."""

    def item_started(self, item: HeardItem) -> None: ...

    def item_ended(self, item: HeardItem) -> None: ...

    def listening_changed(self, description: dict[str, Any] | None) -> None: ...


class AudioPath:
    """The audio of one handset in one call.

    `heard` holds every item so far. `listening` describes the input that the running verb waits for, if any;
    `inbox` receives that input."""

    def __init__(self, clock: Clock, pace: float, listener: AudioListener) -> None:
        self.clock, self.pace, self.listener = clock, pace, listener
        self.heard: list[HeardItem] = []
        self.listening: dict[str, Any] | None = None
        self.inbox: asyncio.Queue[CallerInput] | None = None
        self._changed = asyncio.Event()
        self._is_closed = False

    def close(self) -> None:
        """Ends all waits for a listener, because the call is over."""
        self._is_closed = True
        self._changed.set()

    def start_item(self, verb: str, **details: Any) -> HeardItem:
        item = HeardItem(len(self.heard) + 1, verb, self.clock.now(), details)
        self.heard.append(item)
        self.listener.item_started(item)
        return item

    def end_item(self, item: HeardItem, interrupted: bool = False) -> None:
        item.ended, item.interrupted = self.clock.now(), interrupted
        self.listener.item_ended(item)

    def add_finished_item(self, verb: str, **details: Any) -> None:
        """Adds an item that ends at once."""
        self.end_item(self.start_item(verb, **details))

    async def play_out(self, item: HeardItem, seconds: float) -> None:
        """Waits for the item's length at the configured pace, then ends the item.

        A browser that speaks the item aloud can shorten or extend the wait.
        Cancellation marks the item as interrupted."""
        await self._end_after(item, self._until_spoken(item, seconds))

    async def wait_in_silence(self, item: HeardItem, seconds: float) -> None:
        """Waits this many seconds regardless of the pace, then ends the item."""
        await self._end_after(item, self.clock.sleep(seconds))

    async def _end_after(self, item: HeardItem, wait: Awaitable[None]) -> None:
        try:
            await wait
        except asyncio.CancelledError:
            self.end_item(item, interrupted=True)
            raise
        self.end_item(item)

    async def _until_spoken(self, item: HeardItem, seconds: float) -> None:
        natural = seconds * self.pace
        if natural <= 0:
            if item.id % ITEMS_PER_YIELD == 0:
                await asyncio.sleep(0)
            return
        with suppress(TimeoutError):
            async with self.clock.deadline(natural):
                await item.spoken.wait()
        if item.speaking and not item.spoken.is_set():
            with suppress(TimeoutError):
                async with self.clock.deadline(natural * (MAX_SPEAKING_FACTOR - 1) + GRACE_SECONDS):
                    await item.spoken.wait()

    def report_speaking(self, number: int, speaking: bool) -> bool:
        """Records that a browser has started or finished speaking an item. Returns False if the item does not exist."""
        if not 1 <= number <= len(self.heard):
            return False
        item = self.heard[number - 1]
        item.speaking = speaking
        if not speaking:
            item.spoken.set()
        return True

    @contextmanager
    def listen(
        self, description: dict[str, Any], inbox: asyncio.Queue[CallerInput] | None = None
    ) -> Iterator[asyncio.Queue[CallerInput]]:
        """Yields a queue that receives the caller's input. Restores the previous listener afterwards."""
        previous = self.inbox, self.listening
        inbox = inbox or asyncio.Queue()
        self._set_listener(inbox, description)
        try:
            yield inbox
        finally:
            self._set_listener(*previous)

    def update_listening(self, description: dict[str, Any]) -> None:
        """Replaces the description, for example to add the digits pressed so far."""
        self._set_listener(self.inbox, description)

    def _set_listener(self, inbox: asyncio.Queue[CallerInput] | None, description: dict[str, Any] | None) -> None:
        self.inbox, self.listening = inbox, description
        self.listener.listening_changed(description)
        self._changed.set()

    def take_input(self, event: CallerInput) -> bool:
        """Queues the caller's input. If nothing is listening, discards the input and returns False."""
        if self.inbox is None:
            return False
        self.inbox.put_nowait(event)
        return True

    async def wait_until_listening(self, seconds: float, key: bool) -> bool:
        """Waits until keys (or speech, if `key` is false) are accepted.

        Returns False if `seconds` pass or the call ends first."""
        try:
            async with self.clock.deadline(seconds):
                while not self._accepts(key):
                    if self._is_closed:
                        return False
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _accepts(self, key: bool) -> bool:
        for verb in ("gather", "relay"):
            if description := (self.listening or {}).get(verb):
                return ("dtmf" if key else "speech") in description["input"]
        return self.listening is not None


class CallListener(Protocol):
    """Receives everything that is said and heard in a call."""

    def on_input(self, event: CallerInput) -> None: ...
    def on_item_started(self, item: HeardItem) -> None: ...
    def on_item_ended(self, item: HeardItem) -> None: ...


class AudioTap(CallListener, Protocol):
    """Listens until the call ends, or until the tap removes itself."""

    def on_app_audio(self, sound: bytes) -> None:
        """Takes 16-bit mono PCM that the app has sent, to be played after the audio that is already queued."""

    def close(self) -> None:
        """Ends the tap because the call has ended."""
