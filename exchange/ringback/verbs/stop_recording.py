"""Stop: stops recordings that were started with Start. Stop's other nouns are not supported."""

from __future__ import annotations

from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.registry import verb
from ringback.verbs.start_recording import SOURCE
from ringback.verbs.stream import stop_one_way_stream
from ringback.verbs.unsupported import warn_unsupported


@verb("Stop", children="Stream Siprec Transcription Recording")
async def stop(session: VoiceSession, element: Element) -> Outcome:
    """Stops the recording with this name, or all recordings if there is no name."""
    for noun in element.elements():
        if noun.name == "Stream":
            stop_one_way_stream(session, noun)
            continue
        if noun.name != "Recording":
            warn_unsupported(session, noun)
            continue
        for recorder in list(session.call.recorders):
            if recorder.options.source == SOURCE and noun.get("name") in ("", recorder.options.name):
                recorder.close()
    return None
