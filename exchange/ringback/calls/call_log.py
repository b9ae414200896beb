"""A call's journal: what passed between the phone, the exchange and the app, as it happened."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ringback.calls.audio_path import Audio, Event, Key, Tune, Words
from ringback.service.clock import Clock
from ringback.sound import wav

KEPT = 500  # notes of one call; of a longer one the beginning is forgotten


@dataclass(eq=False)
class Note:
    """One thing that happened. A request also has the time of its answer, once there is one."""

    at: datetime
    kind: str  # status, did, heard, listens, request, rest
    what: Any
    until: datetime | None = None
    answer: Any = None


class Journal(deque[Note]):
    """The notes, oldest first."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(maxlen=KEPT)
        self.clock = clock

    def note(self, kind: str, what: Any) -> Note:
        noted = Note(self.clock.now(), kind, what)
        self.append(noted)
        return noted

    def answered(self, noted: Note, answer: Any) -> None:
        noted.until, noted.answer = self.clock.now(), answer


def describe(event: Event) -> str:
    """What somebody did, in words."""
    match event:
        case Key(digit=digit):
            return f"key {digit}"
        case Words(text=text):
            return f"says “{text}”"
        case Audio(sound=sound):
            return f"speaks for {wav.seconds(sound):.1f} s"
        case Tune(source=source):
            return f"plays {source}"
