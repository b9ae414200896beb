"""Start: starts a recording in the background. Start's other nouns are not supported."""

from __future__ import annotations

from ringback.calls.call import CallRecorder
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.recording_attributes import RECORDING_CALLBACK, recording_options
from ringback.verbs.registry import noun as register_noun
from ringback.verbs.registry import verb
from ringback.verbs.stream import start_one_way_stream
from ringback.verbs.unsupported import warn_unsupported

SOURCE = "StartCallRecordingTwiML"  # RecordingSource
MAX_AT_ONCE = 10  # recordings per call


@verb(
    "Start",
    attributes="action method",
    children="Stream Siprec Transcription Recording",
    without_effect="action method",
)
async def start(session: VoiceSession, element: Element) -> Outcome:
    for noun in element.elements():
        if noun.name == "Recording":
            _record(session, noun)
        elif noun.name == "Stream":
            start_one_way_stream(session, noun)
        else:
            warn_unsupported(session, noun)
    return None


def _record(session: VoiceSession, noun: Element) -> None:
    if sum(recorder.options.source == SOURCE for recorder in session.call.recorders) >= MAX_AT_ONCE:
        session.warn(
            12200, noun, f"Recording: {MAX_AT_ONCE} recordings of this call are already running: stop one first"
        )
        return
    CallRecorder(
        session.call, recording_options(session, noun, SOURCE, channels=1 if noun.get("channels") == "mono" else 2)
    )


register_noun(
    "Recording",
    attributes=f"name track channels trim {RECORDING_CALLBACK} recordingConfigurationId",
    without_effect="recordingConfigurationId",
)
