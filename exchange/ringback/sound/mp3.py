"""Sound as MP3, for recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import lameenc

from ringback.sound import wav

KBITS_PER_CHANNEL = 32  # kbit/s for each channel
OUTPUT_RATE_HZ = 16_000  # more players know it than 8,000
FASTEST_QUALITY = 7


def encode_mp3(parts: Iterable[bytes], channels: int = 1) -> Iterator[bytes]:
    """16-bit PCM, the samples of the channels side by side, as MP3. Slow: not for the event loop."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_in_sample_rate(wav.SAMPLE_RATE_HZ)
    encoder.set_out_sample_rate(OUTPUT_RATE_HZ)
    encoder.set_channels(channels)
    encoder.set_bit_rate(KBITS_PER_CHANNEL * channels)
    encoder.set_quality(FASTEST_QUALITY)
    for part in parts:
        yield bytes(encoder.encode(part))
    yield bytes(encoder.flush())
