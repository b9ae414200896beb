"""Generates static/waiting.wav: three seconds of soft bells that callers hear while a task runs."""

import math
import wave
from array import array
from pathlib import Path

SAMPLES_PER_SECOND = 8_000  # as on the telephone network
DURATION_SECONDS = 3
BELLS = ((0.0, 523.25), (0.75, 659.25), (1.5, 783.99), (2.25, 659.25))  # seconds, hertz: C, E, G, E
AMPLITUDE = 0.12  # of full scale


def synthesize() -> array:
    """Return the samples. Each bell's amplitude halves every eighth of a second."""
    samples = [0.0] * (SAMPLES_PER_SECOND * DURATION_SECONDS)
    for start, pitch in BELLS:
        for at in range(int(start * SAMPLES_PER_SECOND), len(samples)):
            since = at / SAMPLES_PER_SECOND - start
            samples[at] += AMPLITUDE * 0.5 ** (since * 8) * math.sin(2 * math.pi * pitch * since)
    return array("h", [int(32_767 * max(-1, min(1, sample))) for sample in samples])


def main() -> None:
    """Write static/waiting.wav."""
    with wave.open(str(Path(__file__).parents[1] / "static" / "waiting.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLES_PER_SECOND)
        file.writeframes(synthesize().tobytes())


if __name__ == "__main__":
    main()
