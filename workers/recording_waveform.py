"""A recording's length, loudness and waveform: measured by a worker, and stored for the stage."""

import io
import json
import math
import sys
import wave
from array import array
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from store import Store
from store.erasure import Erasure, delete_matching, erases, scan

TTL_SECONDS = 7 * 24 * 3600
WAVEFORM_COLUMNS = 120  # as shown on the stage
SILENCE_DBFS = -60.0  # inaudible on a telephone


class InvalidAudio(ValueError):
    """The bytes are not a 16-bit PCM WAV file; the message says what is wrong."""


@dataclass(frozen=True)
class AudioMeasurement:
    """`loudness_dbfs` is the root mean square level, at most 0. `peaks` range from 0 to 1, one per column."""

    seconds: float
    loudness_dbfs: float
    peaks: tuple[float, ...]

    @property
    def loudness_label(self) -> str:
        """The loudness in one word: silent, quiet, clear or loud."""
        if self.loudness_dbfs <= SILENCE_DBFS:
            return "silent"
        return "loud" if self.loudness_dbfs > -15 else "quiet" if self.loudness_dbfs < -35 else "clear"


def measure(wav: bytes, columns: int = WAVEFORM_COLUMNS) -> AudioMeasurement:
    """Measure a WAV file of the kind that Twilio serves. Raises InvalidAudio."""
    samples, rate = _read_samples(wav)
    if not samples:
        return AudioMeasurement(0.0, SILENCE_DBFS, ())
    squares = sum(sample * sample for sample in samples)
    level = math.sqrt(squares / len(samples)) / 32_768
    loudness = max(SILENCE_DBFS, 20 * math.log10(level)) if level else SILENCE_DBFS
    width = max(1, math.ceil(len(samples) / columns))
    slices = [samples[at : at + width] for at in range(0, len(samples), width)]
    peaks = tuple(round(max(max(part), -min(part)) / 32_768, 3) for part in slices)
    return AudioMeasurement(round(len(samples) / rate, 2), round(loudness, 1), peaks)


def save(redis: Store, recording_sid: str, measured: AudioMeasurement) -> None:
    """Store the measurement."""
    redis.set(_key(recording_sid), json.dumps(asdict(measured), separators=(",", ":")), ex=TTL_SECONDS)


def load(redis: Store, recording_sid: str) -> AudioMeasurement | None:
    """Return the stored measurement, or None if the recording has not been measured yet."""
    found = redis.get(_key(recording_sid))
    return AudioMeasurement(**json.loads(found)) if found else None


def forget(redis: Store, recording_sids: Iterable[str]) -> None:
    """Delete these measurements."""
    for sid in recording_sids:
        redis.delete(_key(sid))


@erases("waveforms")
def erase(redis: Store, erasure: Erasure) -> int:
    """Erase all measurements in a complete erasure. One person's measurements are forgotten with the recordings."""
    if not erasure.is_everything:
        return 0
    erasure.recordings.update(name.removeprefix(_key("")) for name in scan(redis, _key("*")))
    return delete_matching(redis, _key("*"))


def _key(recording_sid: str) -> str:
    return f"waveform:{recording_sid}"


def _read_samples(wav: bytes) -> "tuple[array[int], int]":
    """Return the samples of the first channel, and the sample rate in hertz."""
    try:
        with wave.open(io.BytesIO(wav)) as file:
            if file.getsampwidth() != 2:
                raise InvalidAudio(f"{8 * file.getsampwidth()} bits per sample, not 16")
            frames, channels, rate = file.readframes(file.getnframes()), file.getnchannels(), file.getframerate()
    except (wave.Error, EOFError, ValueError, RuntimeError) as error:
        raise InvalidAudio(f"not a WAV file: {error}") from error
    samples = array("h", frames[: len(frames) - len(frames) % 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples[::channels], max(rate, 1)
