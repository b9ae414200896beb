"""Say: speaks text, with the breaks and replacements of the SSML in it.

Source of the SSML: https://www.twilio.com/docs/voice/twiml/say/text-speech (2026-11)"""

from __future__ import annotations

import re

from ringback.calls.speaking_time import speaking_seconds
from ringback.evidence import documented
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.loop_attribute import repeat
from ringback.verbs.registry import noun, verb

MAX_CHARACTERS = 4096
SSML_ELEMENTS = "break emphasis lang p phoneme prosody s say-as sub w amazon:effect amazon:domain amazon:auto-breaths"
MAX_BREAK_SECONDS = 10.0
BREAK_SECONDS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 1.0, "x-strong": 2.0}


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


def spoken_text(element: Element) -> str:
    """Returns the text of the element as it is spoken, with each SSML `sub` replaced by its alias."""
    parts = []
    for child in element.children:
        if isinstance(child, str):
            parts.append(child)
        elif child.name == "sub" and child.get("alias"):
            parts.append(child.get("alias"))
        else:
            parts.append(
                spoken_text(child) if child.name in ("emphasis", "prosody", "w") else f" {spoken_text(child)} "
            )
    return " ".join("".join(parts).split())


def pause_seconds(element: Element) -> float:
    """Returns the total length of the SSML breaks in the element."""
    total = 0.0
    for child in element.elements():
        if child.name == "break":
            total += _break_seconds(child.get("time") or child.get("strength", "medium"))
        total += pause_seconds(child)
    return total


def _break_seconds(value: str) -> float:
    """Returns the length of a break, from a time such as "500ms" or a strength such as "weak"."""
    time = re.fullmatch(r"(\d{1,5}(?:\.\d{1,3})?)(ms|s)", value.strip())
    if not time:
        return BREAK_SECONDS.get(value, BREAK_SECONDS["medium"])
    return min(float(time[1]) / (1000 if time[2] == "ms" else 1), MAX_BREAK_SECONDS)
