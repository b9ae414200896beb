"""Recordings: what was said, as sound and, where it was typed, as words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from exchange import audio
from exchange.dates import rfc2822
from exchange.history import RECORDINGS, History
from exchange.sids import new_sid

if TYPE_CHECKING:
    from exchange.call import Call
    from exchange.switchboard import Switchboard


class Recording:
    """One recording; `pieces` are sound in order, and silences are kept apart so that they can be trimmed."""

    def __init__(self, account: str, origin: str, source: str, call_sid: str | None, started: datetime) -> None:
        self.sid = new_sid("RE")
        self.account, self.source, self.call_sid = account, source, call_sid
        self.conference_sid: str | None = None
        self.started = self.updated = started
        self.path = f"/2010-04-01/Accounts/{account}/Recordings/{self.sid}"
        self.url = origin + self.path
        self.status = "in-progress"
        self.channels = 1
        self.track = "both"
        self.words: list[str] = []
        self.pieces: list[tuple[bool, bytes]] = []  # (is it silence, sound)
        self.sound = b""

    @property
    def empty(self) -> bool:
        return not self.sound

    @property
    def duration(self) -> int:
        """Whole seconds, at least one if there is any sound."""
        return max(1, round(audio.seconds(self.sound))) if self.sound else 0

    def add(self, sound: bytes, words: str = "") -> None:
        self.pieces.append((False, sound))
        if words:
            self.words.append(words)

    def add_silence(self, seconds: float) -> None:
        if seconds >= 0.1:
            self.pieces.append((True, audio.silence(min(seconds, 3600))))

    def close(self, trim: bool = True) -> None:
        """Join the pieces. Trimmed, silence before and after the words goes; a wholly silent one keeps it."""
        pieces = self.pieces
        if trim and any(not quiet for quiet, _ in pieces):
            while pieces[0][0]:
                pieces = pieces[1:]
            while pieces[-1][0]:
                pieces = pieces[:-1]
        self.sound = b"".join(sound for _, sound in pieces)
        self.pieces = []
        self.status = "absent" if self.empty else "completed"

    def as_parameters(self) -> dict[str, str]:
        return {"RecordingSid": self.sid, "RecordingUrl": self.url, "RecordingDuration": str(self.duration)}

    def as_callback(self, status: str) -> dict[str, str]:
        """The parameters of a recording status callback."""
        owner = {"ConferenceSid": self.conference_sid} if self.conference_sid else {"CallSid": self.call_sid or ""}
        return (
            {"AccountSid": self.account, "RecordingStatus": status, "RecordingSource": self.source, "ErrorCode": "0"}
            | owner
            | self.as_parameters()
            | {
                "RecordingChannels": str(self.channels),
                "RecordingStartTime": rfc2822(self.started) or "",
                "RecordingTrack": self.track,
            }
        )


class Recordings(History[str, Recording]):
    """All of them, by sid."""

    def __init__(self, board: Switchboard) -> None:
        super().__init__(RECORDINGS, lambda kept: kept.status == "in-progress", weight=lambda kept: len(kept.sound))
        self.board = board

    def begin(self, call: Call, source: str) -> Recording:
        recording = Recording(call.plan.account, self.board.origin, source, call.sid, self.board.clock.now())
        self[recording.sid] = recording
        call.recordings.append(recording.sid)
        return recording
