"""Plays the app's audio on the exchange's clock, which decides when marks are due and what is heard."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from ringback.service.clock import Clock, Timer
from ringback.sound import mulaw
from ringback.streams.heard_audio import HeardAudio

GAP_SECONDS = 0.5  # audio after a shorter gap belongs to the same stretch
MAX_STRETCH_SECONDS = 60.0  # audio that starts later in a stretch begins a new one
MAX_BUFFERED_SECONDS = 1200.0  # Twilio documents no limit (2026-11-26); further audio is dropped
MAX_PENDING_MARKS = 10_000
TOLERANCE_SECONDS = 0.001


@dataclass(eq=False)
class Mark:
    """A mark from the app. `at` is the Unix timestamp at which the audio before it will have been played."""

    name: str
    at: float
    received: float
    returned: float | None = None
    cleared: bool = False


class PlaybackListener(Protocol):
    """Is notified of what the handset hears."""

    def audio_starts(self, heard: HeardAudio) -> None: ...
    def audio_ends(self, heard: HeardAudio, interrupted: bool) -> None: ...
    def mark_returns(self, mark: Mark) -> None: ...


class Playback:
    """The queue of one two-way stream. `end` is the Unix timestamp at which everything queued will have been played."""

    def __init__(self, clock: Clock, call_sid: str, listener: PlaybackListener) -> None:
        self.clock, self.call_sid, self.listener = clock, call_sid, listener
        self.end = 0.0
        self.newest: HeardAudio | None = None  # the stretch to which audio is added
        self.playing: HeardAudio | None = None
        self.due: deque[HeardAudio | Mark] = deque()  # marks, and stretches that have not started, in order
        self.timer: Timer | None = None

    def add(self, audio: bytes) -> bool:
        """Queues µ-law audio. Returns False if the queue is full."""
        now = self.clock.time()
        start, seconds = max(now, self.end), len(audio) / mulaw.BYTES_PER_SECOND
        if start + seconds - now > MAX_BUFFERED_SECONDS:
            return False
        stretch = self._stretch_at(start)
        gap = max(0.0, start - stretch.starts) * mulaw.BYTES_PER_SECOND - len(stretch.audio)
        stretch.append(mulaw.SILENCE * round(gap) + audio)
        self.end = start + seconds
        self._advance()
        return True

    def _stretch_at(self, start: float) -> HeardAudio:
        """The stretch to which audio that starts at this time belongs."""
        stretch = self.newest
        full = stretch and start - stretch.starts > MAX_STRETCH_SECONDS
        if stretch is None or stretch.is_over or full or start - self.end > GAP_SECONDS:
            stretch = self.newest = HeardAudio(start, self.call_sid)
            self.due.append(stretch)
        return stretch

    def mark(self, name: str) -> Mark | None:
        """Queues a mark, which is sent back at once if nothing is queued before it. Returns None if the queue is
        full."""
        now = self.clock.time()
        if len(self.due) >= MAX_PENDING_MARKS:
            return None
        mark = Mark(name, max(now, self.end), now)
        self.due.append(mark)
        self._advance()
        return mark

    def clear(self) -> None:
        """Discards what has not been played, and returns all pending marks."""
        now = self.clock.time()
        self._advance()
        if self.playing and self.end > now + TOLERANCE_SECONDS:
            self._end(self.playing, now, interrupted=True)
        marks = [entry for entry in self.due if isinstance(entry, Mark)]
        self.due.clear()
        self.newest, self.end = self.playing, min(self.end, now)
        for mark in marks:
            mark.cleared = True
            self._return(mark)
        self._advance()

    def close(self) -> None:
        """Stops whatever is playing. Pending marks are not sent back."""
        if self.playing:
            self._end(self.playing, self.clock.time(), interrupted=self.end > self.clock.time() + TOLERANCE_SECONDS)
        self.newest = None
        self.due.clear()
        self._cancel_timer()

    def catch_up(self, now: float) -> None:
        """Performs what is due by `now`. Needed if a stepped clock has jumped past the timer."""
        if self.timer and self.timer.due <= now:
            self._cancel_timer()
            self._advance()

    def _advance(self) -> None:
        """Performs what is due by now, and sets the timer for what is due next."""
        now = self.clock.time() + TOLERANCE_SECONDS
        while self.due and _due(self.due[0]) <= now:
            entry = self.due.popleft()
            if isinstance(entry, Mark):
                self._return(entry)
            else:
                self._start(entry)
        if self.playing and self.end + GAP_SECONDS <= now:
            self._end(self.playing, self.end, interrupted=False)
        if self.due:
            self._set_timer(_due(self.due[0]))
        elif self.playing:
            self._set_timer(self.end + GAP_SECONDS)
        else:
            self._cancel_timer()

    def _set_timer(self, due: float) -> None:
        """Makes sure that a timer fires by `due`. An earlier timer is kept, and set again when it fires: moving it for
        each frame would be slow."""
        if self.timer is None or self.timer.due > due:
            self._cancel_timer()
            self.timer = self.clock.call_later(due - self.clock.time(), self._on_timer)

    def _on_timer(self) -> None:
        self.timer = None
        self._advance()

    def _cancel_timer(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def _start(self, stretch: HeardAudio) -> None:
        if self.playing:
            self._end(self.playing, stretch.starts, interrupted=False)
        self.playing = stretch
        self.listener.audio_starts(stretch)

    def _end(self, stretch: HeardAudio, at: float, interrupted: bool) -> None:
        self.playing = None
        stretch.finish(at)
        self.listener.audio_ends(stretch, interrupted)

    def _return(self, mark: Mark) -> None:
        mark.returned = self.clock.time()
        self.listener.mark_returns(mark)


def _due(entry: HeardAudio | Mark) -> float:
    return entry.at if isinstance(entry, Mark) else entry.starts
