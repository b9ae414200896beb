"""The log of one call: everything that passed between handset, exchange and app, in order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ringback.calls.audio_path import AudioClip, CallerInput, KeyPress, PlayedMedia, Speech
from ringback.service.clock import Clock
from ringback.sound import wav
from ringback.webhooks.request import WebhookResponse

MAX_ENTRIES = 500  # per call; the oldest are dropped


@dataclass(frozen=True)
class SocketMessage:
    """A message on one of the app's WebSockets. `words` summarizes it, and `text` is the message itself."""

    to_app: bool
    words: str
    text: str = ""
    level: str = ""  # how the sequence diagram marks the step: "refused" or ""


@dataclass(eq=False)
class LogEntry:
    """One entry. `kind` determines the type of `data`; the entry of a webhook request also holds the response."""

    at: datetime
    kind: str  # status, did, heard, listens, request, rest, message, note
    data: Any
    responded_at: datetime | None = None
    response: WebhookResponse | None = None


class CallLog(deque[LogEntry]):
    """The entries, oldest first."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(maxlen=MAX_ENTRIES)
        self.clock = clock
        self.clips: LogEntry | None = None  # the newest entry for audio clips
        self.clip_seconds = 0.0

    def add(self, kind: str, data: Any) -> LogEntry:
        entry = LogEntry(self.clock.now(), kind, data)
        self.append(entry)
        return entry

    def add_input(self, event: CallerInput, accepted: bool) -> None:
        """Adds the caller's input. Consecutive audio clips share one entry."""
        if not isinstance(event, AudioClip):
            self.add("did", (describe_input(event), accepted))
            return
        if not self or self[-1] is not self.clips:
            self.clips, self.clip_seconds = self.add("did", None), 0.0
        self.clip_seconds += wav.duration_seconds(event.sound)
        self.clips.data = (f"speaks for {self.clip_seconds:.1f} s", accepted)

    def add_response(self, entry: LogEntry, response: WebhookResponse) -> None:
        entry.responded_at, entry.response = self.clock.now(), response


def describe_input(event: KeyPress | Speech | PlayedMedia) -> str:
    """Returns the caller's input as a phrase, such as "key 5"."""
    match event:
        case KeyPress(digit=digit):
            return f"key {digit}"
        case Speech(text=text):
            return f"says “{text}”"
        case PlayedMedia(source=source):
            return f"plays {source}"
