"""How a verb's attributes ask for a recording."""

from __future__ import annotations

from ringback.sound.recording_options import EVENTS, RecordingOptions
from ringback.sound.recordings import TRACKS
from ringback.twiml.attributes import method, words
from ringback.twiml.interpreter import Session
from ringback.twiml.parser import Element

RECORDING_CALLBACK = "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent"


def wanted(session: Session, element: Element, source: str, channels: int = 1) -> RecordingOptions:
    """What Record, Dial, Conference and Start's Recording have in common."""
    address = element.get("recordingStatusCallback")
    return RecordingOptions(
        source,
        channels=channels,
        track=_track(session, element),
        trim=element.get("trim") not in ("do-not-trim", "false"),
        url=session.absolute(address) if address else "",
        method=method(session, element, 12200, "recordingStatusCallbackMethod"),
        events=words(session, element, "recordingStatusCallbackEvent", "completed", EVENTS),
        name=element.get("name"),
    )


def _track(session: Session, element: Element) -> str:
    written = element.get("recordingTrack") or element.get("track", "both")
    if written not in TRACKS:
        session.warn(12200, element, f"recordingTrack must be inbound, outbound or both, not {written}")
        return "both"
    return written
