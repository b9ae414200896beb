"""Transcriptions: the words that were typed or recognised while a recording ran."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ringback.service.sids import new_sid
from ringback.sound.recordings import Recording
from ringback.twiml.interpreter import Session
from ringback.twiml.parser import Element


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


def transcribe(session: Session, element: Element, recording: Recording) -> None:
    """Note what was said and tell the transcribeCallback, always by POST. Sound without words fails, as noise does."""
    state, call = session.state, session.call
    text = " ".join(recording.words)
    transcription = Transcription(
        sid=new_sid("TR"),
        account=recording.account,
        recording_sid=recording.sid,
        text=text,
        status="completed" if text else "failed",
        duration=recording.duration,
        created=state.clock.now(),
    )
    state.transcriptions[transcription.sid] = transcription
    address = session.absolute(element.get("transcribeCallback"))
    if not element.get("transcribeCallback"):
        return
    told = call.parameters() | {
        "TranscriptionSid": transcription.sid,
        "TranscriptionText": text,
        "TranscriptionStatus": transcription.status,
        "TranscriptionUrl": state.origin + transcription.path,
        "RecordingSid": recording.sid,
        "RecordingUrl": recording.url,
    }
    state.call_back(address, "POST", told, "status", call.sid, after=call.after_next_request())
