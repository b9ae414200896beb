"""A sound in the rhythm of words, for recordings of what was typed."""

from __future__ import annotations

import math
import re
from array import array
from functools import cache

from ringback.sound.wav import RATE, silence

SYLLABLE = 0.16  # seconds
GAP = 0.08
PITCHES = (118, 132, 125, 110)


def speech(words: str) -> bytes:
    """A sound in the rhythm of these words: a swell for each syllable, a gap between words."""
    pieces = []
    for place, word in enumerate(words.split()):
        pieces += [_syllable(PITCHES[(place + n) % len(PITCHES)]) for n in range(_syllables(word))]
        pieces.append(silence(GAP))
    return b"".join(pieces)


def speech_seconds(words: str) -> float:
    """How long that sound is."""
    return sum(_syllables(word) * SYLLABLE + GAP for word in words.split())


def _syllables(word: str) -> int:
    return min(20, len(re.findall(r"[aeiouyäöüéèáíóú]+", word.lower())) or max(1, len(word) // 3))


@cache
def _syllable(pitch: int) -> bytes:
    count = int(SYLLABLE * RATE)
    samples = array("h")
    for n in range(count):
        swell = math.sin(math.pi * n / count)
        wave_ = sum(math.sin(n * math.tau * pitch * k / RATE) / k for k in (1, 2, 3, 5))
        samples.append(int(7000 * swell * wave_))
    return samples.tobytes()
