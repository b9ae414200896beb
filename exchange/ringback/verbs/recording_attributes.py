"""Reads the recording attributes that Record, Dial, Conference and Recording share.

https://www.twilio.com/docs/voice/twiml/recording (2026-11)"""

from __future__ import annotations

from ringback.sound.recordings import RECORDED_TRACKS, RECORDING_EVENTS, RecordingOptions
from ringback.twiml.attribute_values import keywords, method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element

RECORDING_CALLBACK = "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent"


def recording_options(session: VoiceSession, element: Element, source: str, channels: int = 1) -> RecordingOptions:
    """Returns the options of a recording. `source` is Twilio's RecordingSource."""
    url = element.get("recordingStatusCallback")
    return RecordingOptions(
        source,
        channels=channels,
        track=_track(session, element),
        trim=element.get("trim") not in ("do-not-trim", "false"),
        url=session.absolute(url) if url else "",
        method=method(session, element, 12200, "recordingStatusCallbackMethod"),
        events=keywords(session, element, "recordingStatusCallbackEvent", "completed", RECORDING_EVENTS),
        name=element.get("name"),
    )


def _track(session: VoiceSession, element: Element) -> str:
    track = element.get("recordingTrack") or element.get("track", "both")
    if track not in RECORDED_TRACKS:
        session.warn(12200, element, f"{element.name}: the track must be inbound, outbound or both, not {track}")
        return "both"
    return track
