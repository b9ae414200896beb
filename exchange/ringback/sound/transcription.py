"""The transcription of a recording.

https://www.twilio.com/docs/voice/api/recording-transcription (2026-11)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Transcription:
    sid: str
    account: str
    recording_sid: str
    text: str
    status: str
    duration: int
    created: datetime

    @property
    def path(self) -> str:
        return f"/2010-04-01/Accounts/{self.account}/Transcriptions/{self.sid}"
