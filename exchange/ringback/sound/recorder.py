"""A recorder: takes what is said in a call or a conference onto a recording, and tells of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ringback.calls.audio_path import Audio, Event, Heard, Tune, Words
from ringback.sound import wav

if TYPE_CHECKING:
    from ringback.calls.call import Call
    from ringback.calls.conferences import Room
    from ringback.service.media import Media
    from ringback.state import State

EVENTS = frozenset({"in-progress", "completed", "absent"})
After = Callable[[], Awaitable[None]]  # what a callback waits for
INBOUND, OUTBOUND = 0, 1  # tracks: what comes from the person, and what goes to them


@dataclass(frozen=True)
class Wanted:
    """How something is to be recorded, and whom to tell. `source` is Twilio's word for who asked, `name` the app's."""

    source: str
    channels: int = 1
    track: str = "both"
    trim: bool = True
    url: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    name: str = ""


class Recorder:
    """Runs from its making until it is closed."""

    def __init__(self, state: State, account: str, wanted: Wanted) -> None:
        self.state, self.wanted = state, wanted
        self.recording = state.recordings.begin(account, wanted.source, wanted.channels, wanted.track)
        self.tape = self.recording.tape
        self.skips = False  # over a pause

    def said(self, event: Event, track: int = INBOUND, speaker: str = "") -> None:
        """Somebody speaks."""
        match event:
            case Words(text=text):
                self.tape.begins(track, text, speaker)
                if self.tape.paused is None and track in self.tape.tracks:
                    self.recording.words.append(text)
            case Audio(sound=sound):
                self.tape.was(track, sound, speaker)
            case Tune(url=url, seconds=seconds) if media := self._media(url):
                self.tape.plays(track, media, seconds)

    def heard(self, item: Heard) -> None:
        """Something begins to reach the person's ear."""
        details = item.details
        match item.verb:
            case "Say":
                self.tape.begins(OUTBOUND, details["text"])
            case "Beep" | "Tones":
                self.tape.begins(OUTBOUND, wav.beep())
            case "Play" if media := self._media(details["url"]):
                self.tape.plays(OUTBOUND, media, details["seconds"])
            case "Voice" if media := self._media(details["url"]):
                self.said(Audio(wav.from_wav(media.body)), OUTBOUND)
            case "Voice":
                self.said(Words(details["text"]), OUTBOUND)

    def ended(self, item: Heard) -> None:
        if item.interrupted:
            self.tape.cut(OUTBOUND)

    def pause(self, skip: bool) -> None:
        self.skips = skip
        self.tape.pause()
        self.recording.status = "paused"

    def resume(self) -> None:
        self.tape.resume(self.skips)
        self.recording.status = "in-progress"

    def close(self, after: After | None = None) -> None:
        """It is over. One in which nobody spoke is silence. `after` is what the callback waits for."""
        if self.recording.runs:
            self.recording.close(trim=self.wanted.trim)
            self.tell("absent" if self.recording.empty else "completed", after)

    def tell(self, status: str, after: After | None = None) -> None:
        """Send the callback, if that event was asked for; who wants to know of the end also learns of none."""
        wanted = self.wanted
        if wanted.url and (status in wanted.events or (status == "absent" and "completed" in wanted.events)):
            told = self.recording.as_callback(status)
            first = after() if after else None
            self.state.call_back(wanted.url, wanted.method, told, "status", self.recording.sid, after=first)

    def _media(self, path: str | None) -> Media | None:
        return self.state.media.get(path.rpartition("/")[2]) if path else None


class CallRecorder(Recorder):
    """Records one call: what its person says, and what they hear."""

    def __init__(self, call: Call, wanted: Wanted) -> None:
        super().__init__(call.state, call.plan.account, wanted)
        self.call = call
        self.recording.call_sid = call.sid
        call.recordings.append(self.recording.sid)
        call.recorders.append(self)
        self.tell("in-progress")

    def close(self, after: After | None = None) -> None:
        if self in self.call.recorders:
            self.call.recorders.remove(self)
        super().close(after)


class RoomRecorder(Recorder):
    """Records a conference: the first who came on one track, everybody else on the other. `old` is eventCallbackUrl."""

    def __init__(self, room: Room, wanted: Wanted, first: str, old: str = "") -> None:
        super().__init__(room.state, room.account, wanted)
        self.room, self.first, self.old = room, first, old
        self.recording.conference_sid = room.sid
        room.recorder = self
        self.tell("in-progress")

    def spoken(self, call: Call, event: Event) -> None:
        self.said(event, INBOUND if call.sid == self.first else OUTBOUND, call.sid)

    def close(self, after: After | None = None) -> None:
        if self.room.recorder is self:
            self.room.recorder = None
        super().close(after)

    def tell(self, status: str, after: After | None = None) -> None:
        super().tell(status, after)
        if self.old and status == "completed":
            told = self.recording.as_callback(status)
            told |= {"Duration": told["RecordingDuration"], "timestamp": told["RecordingStartTime"]}
            self.state.call_back(self.old, "POST", told, "status", self.recording.sid)
