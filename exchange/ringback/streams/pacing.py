"""Paces the frames of all streams with one timer, at deadlines that do not drift."""

from __future__ import annotations

from typing import Protocol

from ringback.service.clock import Clock, Timer
from ringback.streams.track_audio import FRAME_SECONDS

PHASES = 4
PHASE_SECONDS = FRAME_SECONDS / PHASES
MAX_CATCH_UP_SECONDS = 1.0  # frames later than this are dropped, for example after the machine was asleep
TOLERANCE_SECONDS = 0.0005


class PacedStream(Protocol):
    def send_frame(self, due: float) -> None: ...


class FramePacer:
    """Calls `send_frame` of each stream every 20 ms with the frame's deadline as a Unix timestamp.

    One timer per stream would cost more than the frames, and one deadline for all streams would make the last frame
    wait for all others. So the streams are spread over four phases of 5 ms."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.phases: list[dict[PacedStream, None]] = [{} for _ in range(PHASES)]
        self.next = 0  # the number of the phase that is due next
        self.began = 0.0  # when the first phase of this round was due
        self.timer: Timer | None = None

    @property
    def due(self) -> float:
        """When the next phase is due. Adding up phases would accumulate rounding errors."""
        return self.began + self.next * PHASE_SECONDS

    def add(self, stream: PacedStream) -> float:
        """Adds a stream to the phase with the fewest streams. Returns the deadline of its first frame."""
        number = min(range(PHASES), key=lambda phase: len(self.phases[phase]))
        self.phases[number][stream] = None
        if self.timer is None:
            self.next, self.began = 0, self.clock.time() + FRAME_SECONDS
            self._arm()
        return self.due + (number - self.next) % PHASES * PHASE_SECONDS

    def remove(self, stream: PacedStream) -> None:
        for phase in self.phases:
            phase.pop(stream, None)
        if self.timer and not any(self.phases):
            self.timer.cancel()
            self.timer = None

    def close(self) -> None:
        """Removes all streams, because the exchange is stopping."""
        for phase in self.phases:
            for stream in list(phase):
                self.remove(stream)

    def _arm(self) -> None:
        self.timer = self.clock.call_later(self.due - self.clock.time(), self._tick)

    def _tick(self) -> None:
        now = self.clock.time() + TOLERANCE_SECONDS
        if (late := now - self.due) > MAX_CATCH_UP_SECONDS:
            self.began += late // FRAME_SECONDS * FRAME_SECONDS
        while self.due <= now and self.timer:
            for stream in list(self.phases[self.next]):
                stream.send_frame(self.due)
            self._advance()
        if self.timer:
            self._arm()

    def _advance(self) -> None:
        """Goes on to the next phase that has streams."""
        for _ in range(PHASES):
            self.next = (self.next + 1) % PHASES
            if self.next == 0:
                self.began += FRAME_SECONDS
            if self.phases[self.next]:
                return
