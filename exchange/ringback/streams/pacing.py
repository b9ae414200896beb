"""Paces the frames of all streams with one timer, at deadlines that do not drift."""

from __future__ import annotations

from typing import Protocol

from ringback.service.clock import Clock, Timer
from ringback.streams.track_audio import FRAME_SECONDS

MAX_CATCH_UP_SECONDS = 1.0  # frames that are later are dropped, for example because the machine was asleep
TOLERANCE_SECONDS = 0.0005


class PacedStream(Protocol):
    def send_frame(self, due: float) -> None: ...


class FramePacer:
    """Calls `send_frame` of each stream every 20 ms with the frame's deadline as a Unix timestamp.

    The deadlines are the same for all streams: one timer per stream would cost more than the frames."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.streams: dict[PacedStream, None] = {}
        self.due = 0.0  # of the next frames
        self.timer: Timer | None = None

    def add(self, stream: PacedStream) -> float:
        """Starts calling a stream. Returns the deadline of its first frame."""
        self.streams[stream] = None
        if self.timer is None:
            self.due = self.clock.time() + FRAME_SECONDS
            self._arm()
        return self.due

    def remove(self, stream: PacedStream) -> None:
        self.streams.pop(stream, None)
        if not self.streams and self.timer:
            self.timer.cancel()
            self.timer = None

    def close(self) -> None:
        """Stops calling all streams, because the exchange is stopping."""
        for stream in list(self.streams):
            self.remove(stream)

    def _arm(self) -> None:
        self.timer = self.clock.call_later(self.due - self.clock.time(), self._tick)

    def _tick(self) -> None:
        now = self.clock.time() + TOLERANCE_SECONDS
        if (late := now - self.due) > MAX_CATCH_UP_SECONDS:
            self.due += late // FRAME_SECONDS * FRAME_SECONDS
        while self.due <= now and self.streams:
            for stream in list(self.streams):
                stream.send_frame(self.due)
            self.due += FRAME_SECONDS
        if self.streams:
            self._arm()
