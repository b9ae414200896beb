"""Reads and writes WAV. `sound` is 16-bit mono PCM at 8,000 samples per second."""

from __future__ import annotations

import io
import math
import struct
import wave
from array import array
from functools import cache

SAMPLE_RATE_HZ = 8000
SAMPLE_BYTES = 2
MAX_AUDIO_FRAMES = 10 * 1024 * 1024
BEEP_HZ, BEEP_AMPLITUDE = 1000, 8000


class InvalidAudio(ValueError):
    """The body is not a supported WAV file. The message says what to send instead."""


def duration_seconds(sound: bytes) -> float:
    return len(sound) / (SAMPLE_RATE_HZ * SAMPLE_BYTES)


def sample_count(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)


def byte_count(seconds: float) -> int:
    return sample_count(seconds) * SAMPLE_BYTES


def silence(seconds: float) -> bytes:
    return bytes(byte_count(seconds))


@cache
def beep(seconds: float = 0.4) -> bytes:
    return b"".join(
        struct.pack("<h", int(BEEP_AMPLITUDE * math.sin(n * math.tau * BEEP_HZ / SAMPLE_RATE_HZ)))
        for n in range(int(seconds * SAMPLE_RATE_HZ))
    )


def to_wav(sound: bytes) -> bytes:
    return wav_header(len(sound), 1) + sound


def wav_header(size: int, channels: int) -> bytes:
    """Returns the header of a WAV file with `size` bytes of 16-bit PCM; the channels are interleaved."""
    fmt = struct.pack(
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
        + fmt
        + b"data"
        + struct.pack("<I", size)
    )


def from_wav(body: bytes) -> bytes:
    """Returns the sound of a 16-bit PCM WAV file, mixed to mono and resampled to 8,000 Hz. Raises InvalidAudio."""
    try:
        with wave.open(io.BytesIO(body)) as reader:
            channels, width, rate = reader.getnchannels(), reader.getsampwidth(), reader.getframerate()
            frames = reader.readframes(MAX_AUDIO_FRAMES)
    except (wave.Error, EOFError, struct.error, OverflowError, RuntimeError) as error:
        reason = str(error) or "this one is not complete"
        raise InvalidAudio(f"Send a PCM WAV file ({reason})") from None
    if width != SAMPLE_BYTES or not 1 <= channels <= 8 or not 1000 <= rate <= 192_000:
        raise InvalidAudio("Send a WAV file with 16 bits per sample and at most 8 channels")
    if (channels, rate) == (1, SAMPLE_RATE_HZ):
        return frames[: len(frames) - len(frames) % SAMPLE_BYTES]
    samples = array("h", frames[: len(frames) - len(frames) % (SAMPLE_BYTES * channels)])
    mono = [sum(samples[n : n + channels]) // channels for n in range(0, len(samples), channels)]
    return array("h", _resample(mono, rate)).tobytes()


def wav_seconds(body: bytes) -> float | None:
    """Returns the length of a WAV file in seconds, or None if the body is not a WAV file."""
    try:
        with wave.open(io.BytesIO(body)) as reader:
            return reader.getnframes() / (reader.getframerate() or SAMPLE_RATE_HZ)
    except (wave.Error, EOFError, struct.error, OverflowError, RuntimeError):
        return None


def _resample(samples: list[int], rate: int) -> list[int]:
    if rate == SAMPLE_RATE_HZ or not samples:
        return samples
    last = len(samples) - 1
    return [samples[min(last, n * rate // SAMPLE_RATE_HZ)] for n in range(len(samples) * SAMPLE_RATE_HZ // rate)]
