"""Recordings: what was said, as sound and, where it was typed, as words."""

from __future__ import annotations

import asyncio

from ringback.service.bounded_dict import MAX_RECORDINGS, BoundedDict
from ringback.service.clock import Clock
from ringback.service.dates import rfc2822
from ringback.service.sids import new_sid
from ringback.sound import mp3, wav
from ringback.sound.recording_timeline import RecordingTimeline

RECORDED_TRACKS = {"inbound": frozenset({0}), "outbound": frozenset({1}), "both": frozenset({0, 1})}


class Recording:
    """One recording. Track 0 holds the person whose call it is, track 1 what they hear; of one track, one channel."""

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
        """Whole seconds, at least one if there is any sound."""
        return max(1, round(self.timeline.length)) if self.timeline.length else 0

    def close(self, trim: bool = True) -> None:
        self.timeline.stop(trim)
        self.status = "absent" if self.is_empty else "completed"

    def parameters(self) -> dict[str, str]:
        return {"RecordingSid": self.sid, "RecordingUrl": self.url, "RecordingDuration": str(self.duration)}

    def callback_parameters(self, status: str) -> dict[str, str]:
        """The parameters of a recording status callback."""
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
    """All of them, by sid."""

    def __init__(self, clock: Clock, pace: float) -> None:
        super().__init__(MAX_RECORDINGS, lambda kept: kept.is_running, size_of=lambda kept: kept.timeline.bytes_held)
        self.clock, self.pace = clock, pace
        self.render_turn = asyncio.Semaphore(
            1
        )  # sound is made for one listener after the other, so that memory is bounded

    def start(self, origin: str, account: str, source: str, channels: int, track: str) -> Recording:
        timeline = RecordingTimeline(self.clock, self.pace, RECORDED_TRACKS[track])
        recording = Recording(origin, account, source, channels, track, timeline)
        self[recording.sid] = recording
        return recording

    async def render(self, recording: Recording, channels: int, as_mp3: bool) -> bytearray:
        """A whole file, WAV or MP3, made beside the event loop."""
        async with self.render_turn:
            return await asyncio.to_thread(_file, recording.timeline, channels, as_mp3)


def _file(timeline: RecordingTimeline, channels: int, as_mp3: bool) -> bytearray:
    parts = timeline.render(channels)
    made = bytearray() if as_mp3 else bytearray(wav.wav_header(timeline.byte_size(channels), channels))
    for part in mp3.encode_mp3(parts, channels) if as_mp3 else parts:
        made += part
    return made
