"""Tasks are idempotent, and their results are exact."""

import io
import math
import wave
from array import array
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answer_outcomes import FAILED
from sending.twilio.calls_and_media import MediaGone
from workers import tasks
from workers.recording_waveform import InvalidAudio, measure


def wav(samples, rate=8000, channels=1, width=2):
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(array("h", samples).tobytes() if width == 2 else bytes(samples))
    return file.getvalue()


def tone(seconds, loudness):
    return [int(32767 * loudness * math.sin(at / 3)) for at in range(int(8000 * seconds))]


def test_measure_returns_duration_and_loudness():
    sound = measure(wav(tone(2, 1.0)))
    assert sound.seconds == 2.0
    assert sound.loudness_dbfs == pytest.approx(-3, abs=0.1)


def test_half_the_amplitude_is_six_decibels_less():
    assert measure(wav(tone(1, 0.5))).loudness_dbfs == pytest.approx(-9, abs=0.1)


def test_silent_and_empty_recordings_are_measured():
    assert measure(wav([0] * 8000)).loudness_label == "silent"
    assert measure(wav([])).seconds == 0


def test_peaks_follow_the_amplitude():
    peaks = measure(wav(tone(1, 0.1) + tone(1, 0.9))).peaks
    assert len(peaks) <= 120
    assert max(peaks[:50]) < 0.2 < 0.8 < max(peaks[-50:])


@pytest.mark.parametrize("bytes_", [b"", b"RIFF", b"\xff" * 500, b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_invalid_recording_is_rejected(bytes_):
    with pytest.raises(InvalidAudio):
        measure(bytes_)


def test_recording_that_twilio_no_longer_stores_is_no_failure(monkeypatch):
    """Somebody may have deleted it in Twilio's console."""

    def download_recording(*_):
        raise MediaGone("Twilio no longer stores the file.")

    monkeypatch.setattr(tasks, "get_gateway", lambda: SimpleNamespace(download_recording=download_recording))
    told = tasks.measure_recording("RE" + "1" * 32)
    assert (told, told.outcome) == ("Twilio no longer stores the recording.", FAILED)


@given(st.binary(max_size=300), st.integers(0, 60))
def test_damaged_recording_is_measured_or_rejected(junk, at):
    whole = wav(tone(0.01, 0.5))
    try:
        sound = measure(whole[:at] + junk + whole[at:])
    except InvalidAudio:
        return
    assert all(0 <= peak <= 1 for peak in sound.peaks)
