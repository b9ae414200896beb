"""SSML in Say: the text as it is spoken, and the length of the breaks.

https://www.twilio.com/docs/voice/twiml/say/text-speech (2026-11)"""

from __future__ import annotations

import re

from ringback.twiml.parser import Element

SSML_ELEMENTS = "break emphasis lang p phoneme prosody s say-as sub w amazon:effect amazon:domain amazon:auto-breaths"
MAX_BREAK_SECONDS = 10.0
BREAK_SECONDS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 1.0, "x-strong": 2.0}


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
