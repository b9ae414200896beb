"""Say: words that the person hears, with SSML."""

from __future__ import annotations

import re

from ringback.calls.audio_path import speaking_seconds
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.loop import repeat
from ringback.verbs.registry import verb

MAX_CHARACTERS = 4096
SSML = "break emphasis lang p phoneme prosody s say-as sub w amazon:effect amazon:domain amazon:auto-breaths"
BREAK_SECONDS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 1.0, "x-strong": 2.0}


@verb("Say", attributes="voice language loop", children=SSML)
async def say(session: VoiceSession, element: Element) -> Outcome:
    text = spoken_text(element)
    if not text:
        session.warn(13520, element)
        return None
    if len(text) > MAX_CHARACTERS:
        session.warn(13521, element, str(len(text)))
        text = text[:MAX_CHARACTERS]
    seconds = speaking_seconds(text) + _silences(element)
    details = {"text": text, "language": element.get("language", "en-US"), "voice": element.get("voice")}
    await repeat(session, element, 13510, "Say", seconds, details)
    return None


def spoken_text(element: Element) -> str:
    """The words, as they are pronounced: a `sub` is spoken as its alias."""
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


def _silences(element: Element) -> float:
    """How long SSML's breaks within take."""
    total = 0.0
    for child in element.elements():
        if child.name == "break":
            total += _break_seconds(child.get("time") or child.get("strength", "medium"))
        total += _silences(child)
    return total


def _break_seconds(written: str) -> float:
    found = re.fullmatch(r"(\d{1,5}(?:\.\d{1,3})?)(ms|s)", written.strip())
    if not found:
        return BREAK_SECONDS.get(written, 0.5)
    return min(float(found[1]) / (1000 if found[2] == "ms" else 1), 10.0)
