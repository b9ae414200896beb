"""G.711 µ-law: one byte per sample, 8,000 samples per second.

Source: https://www.itu.int/rec/T-REC-G.711, in the 14-bit form with an arithmetic shift, as telephone software
implements it."""

from __future__ import annotations

from array import array
from functools import cache

SILENCE = b"\xff"  # one silent sample; 0x00 is the loudest negative sample
BYTES_PER_SECOND = 8000
SEGMENTS, STEPS = 8, 16
BIAS = 33  # added to each magnitude, so that each segment begins at a power of two
MAGNITUDES = 8193  # of 14-bit samples: 0 to 8,192


def _codes() -> bytes:
    """The code of each magnitude, without sign or inversion."""
    runs = [bytes([segment * STEPS + step]) * (2 << segment) for segment in range(SEGMENTS) for step in range(STEPS)]
    codes = b"".join(runs)[1:]  # the first step has only the magnitude 0
    return codes + codes[-1:] * (MAGNITUDES - len(codes))


@cache  # built on first use, because that takes several milliseconds
def encode_table() -> bytes:
    """The µ-law byte of each 16-bit sample, indexed by the sample as an unsigned integer."""
    codes = _codes()
    positive = (code ^ 0xFF for code in codes[:-1] for _ in range(4))
    negative = (code ^ 0x7F for code in codes[:0:-1] for _ in range(4))
    return bytes(positive) + bytes(negative)


def _decoded(byte: int) -> int:
    code = byte ^ 0xFF
    segment, step = code >> 4 & 7, code & 15
    magnitude = ((2 * step + BIAS) << segment) - BIAS
    return -4 * magnitude if code & 0x80 else 4 * magnitude


_DECODED = b"".join(_decoded(byte).to_bytes(2, "little", signed=True) for byte in range(256))
LOW_BYTES, HIGH_BYTES = _DECODED[0::2], _DECODED[1::2]  # of the 16-bit sample, indexed by µ-law byte


def encode(sound: bytes) -> bytes:
    """Encodes 16-bit mono PCM as µ-law. An incomplete last sample is ignored."""
    return bytes(map(encode_table().__getitem__, array("H", sound[: len(sound) & ~1])))


def decode(audio: bytes) -> bytes:
    """Decodes µ-law to 16-bit mono PCM."""
    sound = bytearray(2 * len(audio))
    sound[0::2], sound[1::2] = audio.translate(LOW_BYTES), audio.translate(HIGH_BYTES)
    return bytes(sound)
