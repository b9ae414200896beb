"""Detects audio from an app in a format other than µ-law: a file with a header, 16-bit PCM or zero bytes."""

from __future__ import annotations

from operator import sub

FILE_HEADERS = {b"RIFF": "WAV", b"OggS": "Ogg", b"ID3": "MP3", b"fLaC": "FLAC", b"\x1aE\xdf\xa3": "WebM"}
CHECKED_BYTES = 1600  # the first 200 ms that are not silence
MIN_DISTINCT_LOW_BYTES = 32
MIN_RATIO = 4
PLUS_128 = bytes((byte + 128) & 0xFF for byte in range(256))
ZEROS = "0x00 bytes are the loudest sound of µ-law: for silence, send 0xFF"
LINEAR = "the audio seems to be 16-bit linear PCM, which is heard as noise: convert it to 8-bit µ-law at 8,000 Hz"


def file_format(audio: bytes) -> str:
    """The format of the file that begins with these bytes, or "" if they are not the header of an audio file."""
    return next((name for header, name in FILE_HEADERS.items() if audio.startswith(header)), "")


class AudioFormatCheck:
    """Collects the app's audio until there is enough to judge its format."""

    def __init__(self) -> None:
        self.sample = bytearray()
        self.is_done = False

    def mistake(self, audio: bytes) -> str:
        """The mistake in the audio so far, or "" if there is none or it is not known yet."""
        if self.is_done:
            return ""
        if not self.sample and not audio.strip(b"\xff"):
            return ""
        self.sample += audio[: CHECKED_BYTES - len(self.sample)]
        if len(self.sample) < CHECKED_BYTES:
            return ""
        self.is_done = True
        return mistake_in(bytes(self.sample))


def mistake_in(audio: bytes) -> str:
    """The mistake in the audio, or "".

    In 16-bit PCM, every other byte is a high byte: these change slowly, while the low bytes look random. In µ-law,
    bytes at even and odd positions do not differ in this way."""
    if audio.count(0) > len(audio) * 0.9:
        return ZEROS
    even, odd = audio[0::2], audio[1::2]
    for low, high in ((even, odd), (odd, even)):
        if len(set(low)) >= MIN_DISTINCT_LOW_BYTES and _change(low) >= MIN_RATIO * _change(high):
            return LINEAR
    return ""


def _change(values: bytes) -> float:
    """The mean absolute difference between successive bytes, read as signed integers."""
    unsigned = values.translate(PLUS_128)
    return sum(map(abs, map(sub, unsigned, unsigned[1:]))) / max(1, len(values) - 1)
