"""A sound in the rhythm of words, for recordings of what was typed."""

from __future__ import annotations

import math
import re
from array import array
from functools import cache

from ringback.sound.wav import SAMPLE_RATE_HZ, silence

SYLLABLE_SECONDS = 0.16  # seconds
WORD_GAP_SECONDS = 0.08
PITCHES_HZ = (118, 132, 125, 110)


def synthesize(words: str) -> bytes:
    """A sound in the rhythm of these words: a swell for each syllable, a gap between words."""
    pieces = []
    for place, word in enumerate(words.split()):
        pieces += [_syllable(PITCHES_HZ[(place + n) % len(PITCHES_HZ)]) for n in range(_syllables(word))]
        pieces.append(silence(WORD_GAP_SECONDS))
    return b"".join(pieces)


def synthesized_seconds(words: str) -> float:
    """How long that sound is."""
    return sum(_syllables(word) * SYLLABLE_SECONDS + WORD_GAP_SECONDS for word in words.split())


def _syllables(word: str) -> int:
    return min(20, len(re.findall(r"[aeiouyäöüéèáíóú]+", word.lower())) or max(1, len(word) // 3))


@cache
def _syllable(pitch: int) -> bytes:
    count = int(SYLLABLE_SECONDS * SAMPLE_RATE_HZ)
    samples = array("h")
    for n in range(count):
        swell = math.sin(math.pi * n / count)
        wave_ = sum(math.sin(n * math.tau * pitch * k / SAMPLE_RATE_HZ) / k for k in (1, 2, 3, 5))
        samples.append(int(7000 * swell * wave_))
    return samples.tobytes()
