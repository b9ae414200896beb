"""Recordings: their options, their state, and their files as WAV or MP3.

https://www.twilio.com/docs/voice/api/recording (2026-11)"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ringback.service.bounded_dict import BoundedDict
from ringback.service.clock import Clock
from ringback.service.dates import rfc2822
from ringback.service.sids import new_sid
from ringback.sound import wav
from ringback.sound.mp3 import encode_mp3
from ringback.sound.recording_timeline import RecordingTimeline

RECORDING_EVENTS = frozenset({"in-progress", "completed", "absent"})
MAX_RECORDINGS = 500
RECORDED_TRACKS = {"inbound": frozenset({0}), "outbound": frozenset({1}), "both": frozenset({0, 1})}


@dataclass(frozen=True)
class RecordingOptions:
    """The options of one recording. `source` is its RecordingSource; only <Start> sets `name`."""

    source: str
    channels: int = 1
    track: str = "both"  # inbound, outbound or both
    trim: bool = True  # whether to remove silence at the beginning and the end
    url: str = ""  # of the status callback; "" if there is none
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    name: str = ""
    discards_silence: bool = False  # whether to discard a recording without any sound from the handset


class Recording:
    """One recording. Track 0 is inbound (from the handset), track 1 outbound (to it). One track has one channel."""

    def __init__(
        self, origin: str, account: str, source: str, channels: int, track: str, timeline: RecordingTimeline
    ) -> None:
        self.sid = new_sid("RE")
        self.account, self.source, self.track = account, source, track
        self.channels = channels if track == "both" else 1
        self.call_sid: str | None = None
        self.conference_sid: str | None = None
        self.started = self.updated = timeline.clock.now()
        self.path = f"/2010-04-01/Accounts/{account}/Recordings/{self.sid}"
        self.url = origin + self.path
        self.status = "in-progress"
        self.transcript: list[str] = []
        self.timeline = timeline

    @property
    def is_running(self) -> bool:
        return self.status in ("in-progress", "paused")

    @property
    def is_empty(self) -> bool:
        return not self.timeline.length

    @property
    def duration(self) -> int:
        """The length in seconds, rounded; at least 1 unless the recording is empty."""
        return max(1, round(self.timeline.length)) if self.timeline.length else 0

    def close(self, trim: bool = True, discards_silence: bool = False) -> None:
        """Stops the timeline and sets the status to "completed", or "absent" if the recording is empty.

        With `discards_silence`, a recording without sound on the inbound track counts as empty."""
        self.timeline.stop(trim)
        if discards_silence and self.timeline.is_silent(track=0):
            self.timeline.length = 0.0
        self.status = "absent" if self.is_empty else "completed"

    def parameters(self) -> dict[str, str]:
        return {"RecordingSid": self.sid, "RecordingUrl": self.url, "RecordingDuration": str(self.duration)}

    def callback_parameters(self, status: str) -> dict[str, str]:
        """Returns the parameters of a recording status callback."""
        owner = {"ConferenceSid": self.conference_sid} if self.conference_sid else {"CallSid": self.call_sid or ""}
        return (
            {"AccountSid": self.account, "RecordingStatus": status, "RecordingSource": self.source, "ErrorCode": "0"}
            | owner
            | self.parameters()
            | {
                "RecordingChannels": str(self.channels),
                "RecordingStartTime": rfc2822(self.started) or "",
                "RecordingTrack": self.track,
            }
        )


class RecordingStore(BoundedDict[str, Recording]):
    """All recordings, by SID. A running recording is never evicted."""

    def __init__(self, clock: Clock, pace: float) -> None:
        super().__init__(
            MAX_RECORDINGS,
            lambda recording: recording.is_running,
            size_of=lambda recording: recording.timeline.bytes_held,
        )
        self.clock, self.pace = clock, pace
        self.render_lock = asyncio.Lock()  # rendering one recording at a time limits memory use

    def start(self, origin: str, account: str, source: str, channels: int, track: str) -> Recording:
        timeline = RecordingTimeline(self.clock, self.pace, RECORDED_TRACKS[track])
        recording = Recording(origin, account, source, channels, track, timeline)
        self[recording.sid] = recording
        return recording

    async def render(self, recording: Recording, channels: int, as_mp3: bool) -> bytearray:
        """Returns the recording as a complete WAV or MP3 file. Renders it in a thread."""
        async with self.render_lock:
            return await asyncio.to_thread(_render_file, recording.timeline, channels, as_mp3)


def _render_file(timeline: RecordingTimeline, channels: int, as_mp3: bool) -> bytearray:
    parts = timeline.render(channels)
    file = bytearray() if as_mp3 else bytearray(wav.wav_header(timeline.byte_size(channels), channels))
    for part in encode_mp3(parts, channels) if as_mp3 else parts:
        file += part
    return file
