"""Sound as MP3, for recordings."""

from __future__ import annotations

import lameenc

from exchange import audio

BIT_RATE = 32  # kbit/s for each channel
OUT_RATE = 16_000  # more players know it than 8,000
FASTEST = 7
SECONDS_AT_ONCE = 10


def encode(sound: bytes, channels: int = 1) -> bytes:
    """16-bit PCM, the samples of the channels side by side, as MP3. Slow: not for the event loop."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_in_sample_rate(audio.RATE)
    encoder.set_out_sample_rate(OUT_RATE)
    encoder.set_channels(channels)
    encoder.set_bit_rate(BIT_RATE * channels)
    encoder.set_quality(FASTEST)
    step = audio.bytes_of(SECONDS_AT_ONCE) * channels
    parts = [bytes(encoder.encode(sound[place : place + step])) for place in range(0, len(sound), step)]
    return b"".join([*parts, bytes(encoder.flush())])
