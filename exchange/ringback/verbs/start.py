"""Start and Stop: start and stop background tasks of a call, such as a recording or a transcription."""

from __future__ import annotations

from ringback.evidence import documented
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.registry import elements, verb
from ringback.verbs.unsupported import warn_unsupported

NOUNS = "Stream Siprec Transcription Recording"


@verb(
    "Start",
    documented("voice/twiml/recording"),
    attributes="action method",
    children=NOUNS,
    without_effect="action method",
)
async def start(session: VoiceSession, element: Element) -> Outcome:
    for noun in element.elements():
        entry = elements().get(noun.name)
        if entry and entry.start:
            entry.start(session, noun)
        else:
            warn_unsupported(session, noun)
    return None


@verb("Stop", documented("voice/twiml/recording"), children=NOUNS)
async def stop(session: VoiceSession, element: Element) -> Outcome:
    for noun in element.elements():
        entry = elements().get(noun.name)
        if entry and entry.stop:
            entry.stop(session, noun)
        else:
            warn_unsupported(session, noun)
    return None
