"""A stretch of the app's audio as the handset hears it: a WAV file that grows while it is played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from ringback.service.media import Media
from ringback.sound import mulaw, wav

UNKNOWN_SIZE = 0x7FFFFFFF - 36  # in the header of a WAV file whose length is not known yet


class HeardAudio(Media):
    """`starts` is a Unix timestamp. `audio` is µ-law, and includes what is queued but not played yet."""

    def __init__(self, starts: float, call_sid: str) -> None:
        self.audio = bytearray()
        super().__init__("audio/wav", b"", "", datetime.fromtimestamp(starts, UTC), parent=call_sid)
        self.starts = starts
        self.is_over = False
        self._grown = asyncio.Event()

    @property
    def body(self) -> bytes:
        """The WAV file. Built on request: building it when a sound ends would delay other streams."""
        return wav.to_wav(mulaw.decode(bytes(self.audio)))

    @body.setter
    def body(self, body: bytes) -> None:
        self.audio.clear()  # Media only ever sets it to b""

    @property
    def size(self) -> int:
        return len(self.audio)

    def append(self, audio: bytes) -> None:
        self.audio += audio
        self._grown.set()

    def finish(self, at: float) -> None:
        """Ends the audio at this time, a Unix timestamp, or at its own end if that is earlier."""
        del self.audio[max(0, round((at - self.starts) * mulaw.BYTES_PER_SECOND)) :]
        self.seconds = len(self.audio) / mulaw.BYTES_PER_SECOND
        self.is_over = True
        self._grown.set()

    async def parts(self) -> AsyncIterator[bytes]:
        """Yields the WAV file as it grows, including what is queued but not played yet."""
        yield wav.wav_header(UNKNOWN_SIZE, 1)
        sent = 0
        while True:
            self._grown.clear()
            part = bytes(self.audio[sent:])
            if part:
                sent += len(part)
                yield mulaw.decode(part)
            elif self.is_over:
                return
            else:
                await self._grown.wait()
