"""Start and Stop: a recording that runs beside whatever the call does; their other nouns are refused by name."""

from __future__ import annotations

from ringback.sound.recorder import CallRecorder
from ringback.twiml.interpreter import Outcome, Session
from ringback.twiml.parser import Element
from ringback.verbs.recording_attributes import wanted
from ringback.verbs.unsupported import refuse

SOURCE = "StartCallRecordingTwiML"
MOST_AT_ONCE = 10


async def start(session: Session, element: Element) -> Outcome:
    for noun in element.elements():
        if noun.name == "Recording":
            _record(session, noun)
        else:
            refuse(session, noun)
    return None


async def stop(session: Session, element: Element) -> Outcome:
    """The recording of that name; without a name, every one that Start began."""
    for noun in element.elements():
        if noun.name != "Recording":
            refuse(session, noun)
            continue
        for recorder in list(session.call.recorders):
            if recorder.wanted.source == SOURCE and noun.get("name") in ("", recorder.wanted.name):
                recorder.close()
    return None


def _record(session: Session, noun: Element) -> None:
    if sum(recorder.wanted.source == SOURCE for recorder in session.call.recorders) >= MOST_AT_ONCE:
        session.warn(12200, noun, f"{MOST_AT_ONCE} recordings of this call run already")
        return
    CallRecorder(session.call, wanted(session, noun, SOURCE, channels=1 if noun.get("channels") == "mono" else 2))
