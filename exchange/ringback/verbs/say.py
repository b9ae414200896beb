"""Say: speaks text. twiml/ssml.py reads the SSML in it."""

from __future__ import annotations

from ringback.calls.audio_path import speaking_seconds
from ringback.evidence import documented
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.ssml import SSML_ELEMENTS, pause_seconds, spoken_text
from ringback.twiml.steps import Outcome
from ringback.verbs.loop_attribute import repeat
from ringback.verbs.registry import noun, verb

MAX_CHARACTERS = 4096


@verb("Say", documented("voice/twiml/say"), attributes="voice language loop", children=SSML_ELEMENTS)
async def say(session: VoiceSession, element: Element) -> Outcome:
    text = spoken_text(element)
    if not text:
        session.warn(13520, element)
        return None
    if len(text) > MAX_CHARACTERS:
        session.warn(13521, element, str(len(text)))
        text = text[:MAX_CHARACTERS]
    seconds = speaking_seconds(text) + pause_seconds(element)
    details = {"text": text, "language": element.get("language", "en-US"), "voice": element.get("voice")}
    await repeat(session, element, 13510, "Say", seconds, details)
    return None


for name in SSML_ELEMENTS.split():
    noun(name, documented("voice/twiml/say/text-speech"), checked=False, in_coverage=False)
