"""Sound: 16-bit mono PCM at 8,000 samples a second, in and out of WAV, and a voice-like tone for typed words."""

from __future__ import annotations

import io
import math
import struct
import wave
from array import array
from functools import cache

SAMPLE_RATE_HZ = 8000
SAMPLE_BYTES = 2
MAX_AUDIO_BYTES = 10 * 1024 * 1024


class InvalidAudio(ValueError):
    """The bytes are not a WAV file that can be used; the message says why."""


def duration_seconds(sound: bytes) -> float:
    return len(sound) / (SAMPLE_RATE_HZ * SAMPLE_BYTES)


def sample_count(length: float) -> int:
    return round(length * SAMPLE_RATE_HZ)


def byte_count(length: float) -> int:
    return sample_count(length) * SAMPLE_BYTES


def silence(length: float) -> bytes:
    return bytes(byte_count(length))


@cache
def beep(length: float = 0.4) -> bytes:
    return b"".join(
        struct.pack("<h", int(8000 * math.sin(n * math.tau * 1000 / SAMPLE_RATE_HZ)))
        for n in range(int(length * SAMPLE_RATE_HZ))
    )


def to_wav(sound: bytes) -> bytes:
    return wav_header(len(sound), 1) + sound


def wav_header(size: int, channels: int) -> bytes:
    """What stands before so many bytes of sound; of several channels, the samples are side by side."""
    form = struct.pack(
        "<HHIIHH",
        1,
        channels,
        SAMPLE_RATE_HZ,
        SAMPLE_RATE_HZ * SAMPLE_BYTES * channels,
        SAMPLE_BYTES * channels,
        8 * SAMPLE_BYTES,
    )
    return (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", size)
    )


def from_wav(body: bytes) -> bytes:
    """Any 16-bit PCM WAV, mixed to mono and brought to 8,000 samples a second. Raises NotSound."""
    try:
        with wave.open(io.BytesIO(body)) as reader:
            channels, width, rate = reader.getnchannels(), reader.getsampwidth(), reader.getframerate()
            frames = reader.readframes(MAX_AUDIO_BYTES)
    except (wave.Error, EOFError, struct.error, OverflowError, RuntimeError) as error:
        raise InvalidAudio(f"Send a PCM WAV file ({error})") from None
    if width != SAMPLE_BYTES or not 1 <= channels <= 8 or not 1000 <= rate <= 192_000:
        raise InvalidAudio("Send a WAV file with 16 bits a sample and at most 8 channels")
    if (channels, rate) == (1, SAMPLE_RATE_HZ):
        return frames[: len(frames) - len(frames) % SAMPLE_BYTES]
    samples = array("h", frames[: len(frames) - len(frames) % (SAMPLE_BYTES * channels)])
    mono = [sum(samples[n : n + channels]) // channels for n in range(0, len(samples), channels)]
    return array("h", _resampled(mono, rate)).tobytes()


def wav_seconds(body: bytes) -> float | None:
    """How long a WAV file of any kind plays; None if it is none."""
    try:
        with wave.open(io.BytesIO(body)) as reader:
            return reader.getnframes() / (reader.getframerate() or SAMPLE_RATE_HZ)
    except (wave.Error, EOFError, struct.error, OverflowError, RuntimeError):
        return None


def _resampled(samples: list[int], rate: int) -> list[int]:
    if rate == SAMPLE_RATE_HZ or not samples:
        return samples
    last = len(samples) - 1
    return [samples[min(last, n * rate // SAMPLE_RATE_HZ)] for n in range(len(samples) * SAMPLE_RATE_HZ // rate)]
