"""The sound of what a handset says or hears: typed text becomes a tone per syllable, with a gap between words."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from ringback.calls.audio_path import AudioClip, CallerInput, HeardItem, PlayedMedia, Speech
from ringback.service.media import Media
from ringback.sound import wav
from ringback.sound.wav import SAMPLE_RATE_HZ, silence

SYLLABLE_SECONDS = 0.16
WORD_GAP_SECONDS = 0.08
PITCHES_HZ = (118, 132, 125, 110)
MAX_SYLLABLES = 20  # per word
AMPLITUDE = 7000
MediaOf = Callable[[str | None], Media | None]  # finds a media file by its path


def synthesize(text: str) -> bytes:
    """Returns the sound for a text as 16-bit mono PCM."""
    sounds = []
    for index, word in enumerate(text.split()):
        sounds += [_syllable(PITCHES_HZ[(index + n) % len(PITCHES_HZ)]) for n in range(_syllable_count(word))]
        sounds.append(silence(WORD_GAP_SECONDS))
    return b"".join(sounds)


def synthesized_seconds(text: str) -> float:
    """Returns the length of the sound that `synthesize` returns."""
    return sum(_syllable_count(word) * SYLLABLE_SECONDS + WORD_GAP_SECONDS for word in text.split())


def _syllable_count(word: str) -> int:
    vowels = re.findall(r"[aeiouyäöüéèáíóú]+", word.lower())
    return min(MAX_SYLLABLES, len(vowels) or max(1, len(word) // 3))


@cache
def _syllable(pitch: int) -> bytes:
    count = int(SYLLABLE_SECONDS * SAMPLE_RATE_HZ)
    samples = array("h")
    for n in range(count):
        envelope = math.sin(math.pi * n / count)
        tone = sum(math.sin(n * math.tau * pitch * k / SAMPLE_RATE_HZ) / k for k in (1, 2, 3, 5))
        samples.append(int(AMPLITUDE * envelope * tone))
    return samples.tobytes()


def sound_of_input(event: CallerInput, media_of: MediaOf) -> bytes | Media | None:
    """The sound as 16-bit mono PCM, or the media file to convert. None for a key press."""
    match event:
        case Speech(text=text):
            return synthesize(text)
        case AudioClip(sound=sound):
            return sound
        case PlayedMedia(url=url):
            return media_of(url)
    return None


def sound_of_item(item: HeardItem, media_of: MediaOf) -> bytes | Media | None:
    """The sound as 16-bit mono PCM, or the media file to convert. None for silence and for the app's own audio."""
    match item.verb:
        case "Say":
            return synthesize(item.details["text"])
        case "Beep" | "Tones":
            return wav.beep()
        case "Play":
            return media_of(item.details["url"])
        case "Voice":
            return media_of(item.details.get("url")) or synthesize(item.details["text"])
    return None


def convert(media: Media) -> bytes:
    """The media file as 16-bit mono PCM, or b"" if it is not WAV. CPU-bound: run it in a thread."""
    with suppress(wav.InvalidAudio):
        return wav.from_wav(media.body)
    return b""
