"""Encodes recordings as MP3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import lameenc

from ringback.sound import wav

KBIT_PER_SECOND_PER_CHANNEL = 32
OUTPUT_RATE_HZ = 16_000  # supported by more players than 8,000
FASTEST_QUALITY = 7


def encode_mp3(parts: Iterable[bytes], channels: int = 1) -> Iterator[bytes]:
    """Encodes 16-bit PCM with interleaved channels, and yields the MP3 data. CPU-bound: run it in a thread."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_in_sample_rate(wav.SAMPLE_RATE_HZ)
    encoder.set_out_sample_rate(OUTPUT_RATE_HZ)
    encoder.set_channels(channels)
    encoder.set_bit_rate(KBIT_PER_SECOND_PER_CHANNEL * channels)
    encoder.set_quality(FASTEST_QUALITY)
    yield bytes(encoder.encode(b""))  # an empty recording has no parts, and LAME must have started before it ends
    for part in parts:
        yield bytes(encoder.encode(part))
    yield bytes(encoder.flush())
