"""Say, Play and Pause: what the person hears."""

from __future__ import annotations

import re

from ringback.calls.audio_path import seconds_to_say
from ringback.twiml.attributes import whole
from ringback.twiml.interpreter import Outcome, Session
from ringback.twiml.parser import Element

MOST_LOOPS = 1000
MOST_CHARACTERS = 4096
SOONEST = 0.05  # seconds an endless loop takes at least for each round, so that pace 0 does not spin
TONES = re.compile(r"[0-9A-D*#wW]*")
TONE_SECONDS = {"w": 0.5, "W": 1.0}
BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 1.0, "x-strong": 2.0}


async def say(session: Session, element: Element) -> Outcome:
    text = spoken_text(element)
    if not text:
        session.warn(13520, element)
        return None
    if len(text) > MOST_CHARACTERS:
        session.warn(13521, element, str(len(text)))
        text = text[:MOST_CHARACTERS]
    seconds = seconds_to_say(text) + _silences(element)
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
        return BREAKS.get(written, 0.5)
    return min(float(found[1]) / (1000 if found[2] == "ms" else 1), 10.0)


async def play(session: Session, element: Element) -> Outcome:
    """Audio, or key tones. What cannot be fetched is warned of, and the call goes on."""
    digits, address = element.get("digits"), element.text()
    if digits:
        return await _tones(session, element, digits)
    if not address:
        session.warn(13420, element, "of nothing")
        return None
    media = await session.state.media_at(session, element, session.absolute(address))
    if media is None:
        item = session.line.hear("Play", url=None, source=address, seconds=0.0)
        await session.line.lasting(item, 0)
        return None
    details = {"url": media.path, "source": address}
    await repeat(session, element, 13410, "Play", media.seconds, details)
    return None


async def _tones(session: Session, element: Element, digits: str) -> Outcome:
    if not TONES.fullmatch(digits):
        session.warn(12200, element, f"Play: digits may hold 0-9, A-D, *, #, w and W, not {digits}")
        return None
    item = session.line.hear("Tones", digits=digits)
    await session.line.lasting(item, sum(TONE_SECONDS.get(digit, 0.2) for digit in digits))
    return None


async def repeat(
    session: Session, element: Element, code: int, verb: str, seconds: float, details: dict[str, str]
) -> None:
    """Let it be heard `loop` times; 0 is until the call ends, at most a thousand times."""
    loops = whole(session, element, "loop", 1, code)
    for _ in range(min(loops, MOST_LOOPS) or MOST_LOOPS):
        item = session.line.hear(verb, **details, seconds=round(seconds, 2))
        await session.line.lasting(item, seconds)
        if loops == 0 and session.line.pace == 0:
            await session.call.state.clock.sleep(SOONEST)


async def pause(session: Session, element: Element) -> Outcome:
    """Silence. It takes its real time whatever the pace, as it is used to wait."""
    length = whole(session, element, "length", 1, 13910, least=1)
    item = session.line.hear("Pause", length=length)
    await session.line.silent(item, length)
    return None
