"""A call's log: what passed between the phone, the exchange and the app, as it happened."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ringback.calls.audio_path import AudioClip, CallerInput, KeyPress, PlayedMedia, Speech
from ringback.service.clock import Clock
from ringback.sound import wav

MAX_ENTRIES = 500  # notes of one call; of a longer one the beginning is forgotten


@dataclass(eq=False)
class LogEntry:
    """One thing that happened. A request also has the time of its answer, once there is one."""

    at: datetime
    kind: str  # status, did, heard, listens, request, rest
    what: Any
    until: datetime | None = None
    answer: Any = None


class CallLog(deque[LogEntry]):
    """The notes, oldest first."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(maxlen=MAX_ENTRIES)
        self.clock = clock

    def add(self, kind: str, what: Any) -> LogEntry:
        noted = LogEntry(self.clock.now(), kind, what)
        self.append(noted)
        return noted

    def add_response(self, noted: LogEntry, answer: Any) -> None:
        noted.until, noted.answer = self.clock.now(), answer


def describe_input(event: CallerInput) -> str:
    """What somebody did, in words."""
    match event:
        case KeyPress(digit=digit):
            return f"key {digit}"
        case Speech(text=text):
            return f"says “{text}”"
        case AudioClip(sound=sound):
            return f"speaks for {wav.duration_seconds(sound):.1f} s"
        case PlayedMedia(source=source):
            return f"plays {source}"
