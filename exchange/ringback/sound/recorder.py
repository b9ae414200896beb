"""Base class of the recorders for calls and conferences: fills a recording and sends its status callbacks.

https://www.twilio.com/docs/voice/api/recording (2026-11)"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ringback.calls.audio_path import AudioClip, CallerInput, HeardItem, PlayedMedia, Speech
from ringback.runtime import Runtime
from ringback.sound import wav
from ringback.sound.recordings import RecordingOptions

WaitFor = Callable[[], Awaitable[None]]  # returns once a callback may be sent
INBOUND, OUTBOUND = 0, 1  # tracks: from the handset, and to the handset


class Recorder:
    """A recorder, which starts recording when it is created and stops when it is closed."""

    def __init__(self, runtime: Runtime, account: str, options: RecordingOptions) -> None:
        self.runtime, self.options = runtime, options
        self.recording = runtime.recordings.start(
            runtime.origin, account, options.source, options.channels, options.track
        )
        self.timeline = self.recording.timeline
        self.skips_pause = False  # whether the current pause is left out instead of recorded as silence

    def on_input(self, event: CallerInput, track: int = INBOUND, speaker: str = "") -> None:
        """Adds input to a track. Clips of one `speaker` follow each other; clips of different speakers can overlap."""
        match event:
            case Speech(text=text):
                self.timeline.add_now(track, text, speaker)
                if self.timeline.paused is None and track in self.timeline.tracks:
                    self.recording.transcript.append(text)
            case AudioClip(sound=sound):
                self.timeline.add_past(track, sound, speaker)
            case PlayedMedia(url=url, seconds=seconds) if media := self.runtime.media_at(url):
                self.timeline.add_media(track, media, seconds)

    def on_item_started(self, item: HeardItem) -> None:
        """Adds an item to the outbound track when the handset begins to hear the item."""
        details = item.details
        match item.verb:
            case "Say":
                self.timeline.add_now(OUTBOUND, details["text"])
            case "Beep" | "Tones":
                self.timeline.add_now(OUTBOUND, wav.beep())
            case "Play" if media := self.runtime.media_at(details["url"]):
                self.timeline.add_media(OUTBOUND, media, details["seconds"])
            case "Voice" if media := self.runtime.media_at(details["url"]):
                self.on_input(AudioClip(wav.from_wav(media.body)), OUTBOUND)
            case "Voice":
                self.on_input(Speech(details["text"]), OUTBOUND)

    def on_item_ended(self, item: HeardItem) -> None:
        if item.verb == "Audio" and (media := self.runtime.media_at(item.details["url"])):
            sound = wav.from_wav(media.body)
            heard_before = max(0, len(sound) - wav.byte_count(self.timeline.now()))  # bytes before the recording
            self.timeline.add_past(OUTBOUND, sound[heard_before:])
        elif item.interrupted:
            self.timeline.cut_short(OUTBOUND)

    def pause(self, skip: bool) -> None:
        """Pauses the recording. `skip` leaves the pause out; otherwise it is recorded as silence."""
        self.skips_pause = skip
        self.timeline.pause()
        self.recording.status = "paused"

    def resume(self) -> None:
        self.timeline.resume(self.skips_pause)
        self.recording.status = "in-progress"

    def close(self, after: WaitFor | None = None) -> None:
        """Ends the recording, if it is running, and sends the callback once `after` has returned."""
        if self.recording.is_running:
            self.timeline.resume(self.skips_pause)
            self.recording.close(trim=self.options.trim, discards_silence=self.options.discards_silence)
            self.notify("absent" if self.recording.is_empty else "completed", after)

    def notify(self, status: str, after: WaitFor | None = None) -> None:
        """Sends the status callback if the app has subscribed to `status`; "completed" subscribes to "absent" too."""
        options = self.options
        if options.url and (status in options.events or (status == "absent" and "completed" in options.events)):
            self.runtime.webhooks.send_callback(
                options.url,
                options.method,
                self.recording.callback_parameters(status),
                "status",
                self.recording.sid,
                after=after() if after else None,
            )
