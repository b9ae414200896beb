"""A recorder: takes what is said in a call or a conference onto a recording, and tells of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ringback.calls.audio_path import AudioClip, CallerInput, HeardItem, PlayedMedia, Speech
from ringback.runtime import Runtime
from ringback.service.media import Media
from ringback.sound import wav
from ringback.sound.recording_options import RecordingOptions

WaitFor = Callable[[], Awaitable[None]]  # what a callback waits for
INBOUND, OUTBOUND = 0, 1  # tracks: what comes from the person, and what goes to them


class Recorder:
    """Runs from its making until it is closed."""

    def __init__(self, runtime: Runtime, account: str, wanted: RecordingOptions) -> None:
        self.runtime, self.wanted = runtime, wanted
        self.recording = runtime.recordings.begin(runtime.origin, account, wanted.source, wanted.channels, wanted.track)
        self.tape = self.recording.tape
        self.skips = False  # over a pause

    def said(self, event: CallerInput, track: int = INBOUND, speaker: str = "") -> None:
        """Somebody speaks."""
        match event:
            case Speech(text=text):
                self.tape.begins(track, text, speaker)
                if self.tape.paused is None and track in self.tape.tracks:
                    self.recording.words.append(text)
            case AudioClip(sound=sound):
                self.tape.was(track, sound, speaker)
            case PlayedMedia(url=url, seconds=seconds) if media := self._media(url):
                self.tape.plays(track, media, seconds)

    def heard(self, item: HeardItem) -> None:
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
                self.said(AudioClip(wav.from_wav(media.body)), OUTBOUND)
            case "Voice":
                self.said(Speech(details["text"]), OUTBOUND)

    def ended(self, item: HeardItem) -> None:
        if item.interrupted:
            self.tape.cut(OUTBOUND)

    def pause(self, skip: bool) -> None:
        self.skips = skip
        self.tape.pause()
        self.recording.status = "paused"

    def resume(self) -> None:
        self.tape.resume(self.skips)
        self.recording.status = "in-progress"

    def close(self, after: WaitFor | None = None) -> None:
        """It is over. One in which nobody spoke is silence. `after` is what the callback waits for."""
        if self.recording.runs:
            self.recording.close(trim=self.wanted.trim)
            self.tell("absent" if self.recording.empty else "completed", after)

    def tell(self, status: str, after: WaitFor | None = None) -> None:
        """Send the callback, if that event was asked for; who wants to know of the end also learns of none."""
        wanted = self.wanted
        if wanted.url and (status in wanted.events or (status == "absent" and "completed" in wanted.events)):
            told = self.recording.as_callback(status)
            first = after() if after else None
            self.runtime.webhooks.call_back(wanted.url, wanted.method, told, "status", self.recording.sid, after=first)

    def _media(self, path: str | None) -> Media | None:
        return self.runtime.media.get(path.rpartition("/")[2]) if path else None
