"""The tune that replaces Twilio's hold music, as a WAV file."""

from __future__ import annotations

import math
from array import array
from functools import cache

from ringback.sound import wav

TUNE_HZ = (262, 330, 392, 523, 392, 330)  # C E G c G E
NOTE_SECONDS = 0.5
REPETITIONS = 4
AMPLITUDE = 5000


@cache
def music() -> bytes:
    """Returns the hold music as a WAV file."""
    samples = array("h")
    count = int(NOTE_SECONDS * wav.SAMPLE_RATE_HZ)
    for pitch in TUNE_HZ * REPETITIONS:
        samples.extend(
            int(AMPLITUDE * (1 - n / count) * math.sin(n * math.tau * pitch / wav.SAMPLE_RATE_HZ)) for n in range(count)
        )
    return wav.to_wav(samples.tobytes())
