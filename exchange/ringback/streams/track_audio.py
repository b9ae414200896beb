"""The audio of one track as payloads of 20 ms, with silence while there is nothing to hear."""

from __future__ import annotations

import base64
from collections import deque

from ringback.sound import mulaw, wav

FRAME_BYTES = 160  # 20 ms: observed at Twilio but not documented (2026-11-26)
FRAME_SECONDS = FRAME_BYTES / mulaw.BYTES_PER_SECOND
MAX_QUEUED_SECONDS = 1200.0  # further sound is dropped
ENCODED_AT_ONCE_SECONDS = 0.5  # so that a long sound never keeps the other streams waiting
PIECE_BYTES = wav.byte_count(ENCODED_AT_ONCE_SECONDS)
SILENT_PAYLOAD = base64.b64encode(mulaw.SILENCE * FRAME_BYTES).decode()


class TrackAudio:
    """A queue of sounds, from which `next_payload` takes 160 bytes of µ-law at a time."""

    def __init__(self) -> None:
        self.clips: deque[bytes] = deque()  # 16-bit mono PCM
        self.seconds = 0.0  # length of the clips
        self.payloads: deque[str] = deque()
        self.rest = b""  # encoded µ-law that does not fill a frame yet

    def add(self, sound: bytes) -> bool:
        """Queues 16-bit mono PCM. Returns False if the queue is full."""
        seconds = wav.duration_seconds(sound)
        if self.seconds + seconds > MAX_QUEUED_SECONDS:
            return False
        for start in range(0, len(sound), PIECE_BYTES):
            self.clips.append(sound[start : start + PIECE_BYTES])
        self.seconds += seconds
        return True

    def cut(self) -> None:
        """Discards everything that is queued."""
        self.clips.clear()
        self.payloads.clear()
        self.seconds, self.rest = 0.0, b""

    def next_payload(self) -> str:
        """The next 20 ms in base64."""
        if not self.payloads:
            self._encode()
        return self.payloads.popleft() if self.payloads else SILENT_PAYLOAD

    def _encode(self) -> None:
        """Encodes the next clip, and pads the last frame with silence if no clip follows."""
        audio = self.rest
        while self.clips and len(audio) < FRAME_BYTES:
            clip = self.clips.popleft()
            self.seconds = self.seconds - wav.duration_seconds(clip) if self.clips else 0.0
            audio += mulaw.encode(clip)
        if 0 < len(audio) < FRAME_BYTES:
            audio = audio.ljust(FRAME_BYTES, mulaw.SILENCE)
        complete = len(audio) - len(audio) % FRAME_BYTES
        self.rest = audio[complete:]
        for start in range(0, complete, FRAME_BYTES):
            self.payloads.append(base64.b64encode(audio[start : start + FRAME_BYTES]).decode())
