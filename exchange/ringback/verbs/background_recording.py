"""The Recording noun of Start and Stop: records a call in the background."""

from __future__ import annotations

from ringback.calls.call import CallRecorder
from ringback.evidence import documented
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.verbs.recording_attributes import RECORDING_CALLBACK, recording_options
from ringback.verbs.registry import noun as register_noun

SOURCE = "StartCallRecordingTwiML"  # RecordingSource
MAX_AT_ONCE = 10  # recordings per call


def start_recording(session: VoiceSession, noun: Element) -> None:
    if sum(recorder.options.source == SOURCE for recorder in session.call.recorders) >= MAX_AT_ONCE:
        session.warn(
            12200, noun, f"Recording: {MAX_AT_ONCE} recordings of this call are already running: stop one first"
        )
        return
    CallRecorder(
        session.call, recording_options(session, noun, SOURCE, channels=1 if noun.get("channels") == "mono" else 2)
    )


def stop_recording(session: VoiceSession, noun: Element) -> None:
    """Stops the recording with this name, or all recordings if there is no name."""
    for recorder in list(session.call.recorders):
        if recorder.options.source == SOURCE and noun.get("name") in ("", recorder.options.name):
            recorder.close()


register_noun(
    "Recording",
    documented("voice/twiml/recording"),
    attributes=f"name track channels trim {RECORDING_CALLBACK} recordingConfigurationId",
    without_effect="recordingConfigurationId",
    start=start_recording,
    stop=stop_recording,
)
