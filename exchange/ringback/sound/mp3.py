"""Sound as MP3, for recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import lameenc

from ringback.sound import wav

BIT_RATE = 32  # kbit/s for each channel
OUT_RATE = 16_000  # more players know it than 8,000
FASTEST = 7


def encoded(parts: Iterable[bytes], channels: int = 1) -> Iterator[bytes]:
    """16-bit PCM, the samples of the channels side by side, as MP3. Slow: not for the event loop."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_in_sample_rate(wav.RATE)
    encoder.set_out_sample_rate(OUT_RATE)
    encoder.set_channels(channels)
    encoder.set_bit_rate(BIT_RATE * channels)
    encoder.set_quality(FASTEST)
    for part in parts:
        yield bytes(encoder.encode(part))
    yield bytes(encoder.flush())
