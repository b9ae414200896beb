"""A whole call recorded, from the answer to the end, as Record=true asks when a call is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange import audio
from exchange.line import Audio, Event, Words

if TYPE_CHECKING:
    from exchange.call import Call

EVENTS = frozenset({"in-progress", "completed", "absent"})


@dataclass(frozen=True)
class Wanted:
    """How the call is to be recorded, and whom to tell."""

    channels: int = 1
    trim: bool = True
    url: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


class Recorder:
    """Takes what the person says into a recording, with the silence between."""

    def __init__(self, call: Call, wanted: Wanted) -> None:
        self.call, self.wanted = call, wanted
        self.clock = call.board.clock
        self.since = self.clock.time()
        self.recording = call.board.recordings.begin(call, "OutboundAPI")
        self.recording.channels = wanted.channels
        self._tell("in-progress")

    def hears(self, event: Event) -> None:
        match event:
            case Words(text=text):
                sound = audio.speech(text)
                self._silence(0.0)
                self.recording.add(sound, text)
                self.since += audio.seconds(sound) * self.call.line.pace
            case Audio(sound=sound):
                self._silence(audio.seconds(sound))
                self.recording.add(sound)

    def close(self) -> None:
        """The call is over. A call in which nobody spoke leaves a recording of silence."""
        self._silence(0.0)
        self.recording.close(trim=self.wanted.trim)
        self._tell("absent" if self.recording.empty else "completed")

    def _silence(self, spoken: float) -> None:
        now = self.clock.time()
        self.recording.add_silence(now - self.since - spoken)
        self.since = now

    def _tell(self, status: str) -> None:
        wanted = self.wanted
        if wanted.url and status in wanted.events:
            told = self.recording.as_callback(status)
            self.call.board.call_back(wanted.url, wanted.method, told, "status", self.recording.sid)
