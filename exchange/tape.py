"""A tape: what several people say while a recording runs, each at its place in time, on one track or two."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exchange import audio

if TYPE_CHECKING:
    from exchange.clock import Clock
    from exchange.media import Media

LONGEST = 3600.0  # seconds; what comes later is lost
SHORTEST = 0.1  # seconds of silence that count as a recording


@dataclass
class Piece:
    """One sound on a track. Media are decoded only when somebody listens; where they cannot be, they are silence."""

    track: int
    speaker: str
    start: float
    seconds: float
    sound: bytes | Media

    @property
    def end(self) -> float:
        return self.start + self.seconds

    def samples(self) -> bytes:
        if isinstance(self.sound, bytes):
            sound = self.sound
        else:
            try:
                sound = audio.from_wav(self.sound.body)
            except audio.NotSound:
                sound = b""
        return sound[: audio.bytes_of(self.seconds)]


@dataclass
class Tape:
    """Two people who speak at once are both on it; one who speaks twice says it one after the other.

    Words take their time on the tape, whatever the pace at which they are handed in."""

    clock: Clock
    pace: float
    tracks: frozenset[int] = frozenset({0, 1})  # the others are not recorded
    pieces: list[Piece] = field(default_factory=list)
    weight: int = 0  # bytes
    length: float = 0.0  # seconds, once it has been stopped
    paused: float | None = None  # since when
    ends: dict[tuple[int, str], float] = field(default_factory=dict)  # of what each has said so far

    def __post_init__(self) -> None:
        self.began = self.clock.time()

    def now(self) -> float:
        """Where on the tape we are, in seconds."""
        return self.clock.time() - self.began

    def ahead(self) -> float:
        """How many seconds what is being said will still take."""
        return max(0.0, max(self.ends.values(), default=0.0) - self.now())

    def begins(self, track: int, sound: bytes, speaker: str = "") -> None:
        """Somebody begins to make this sound."""
        length = audio.seconds(sound)
        self._put(track, speaker, self.now(), length, sound)
        self.began -= length * max(0.0, 1 - self.pace)

    def was(self, track: int, sound: bytes, speaker: str = "") -> None:
        """This was just said: what a microphone hears arrives when it is over."""
        length = audio.seconds(sound)
        self._put(track, speaker, self.now() - length, length, sound)

    def plays(self, track: int, media: Media, seconds: float) -> None:
        """This begins to be played, for so long."""
        self._put(track, "", self.now(), seconds, media)
        self.began -= seconds * max(0.0, 1 - self.pace)

    def cut(self, track: int) -> None:
        """What is being said or played there stops."""
        last = next((piece for piece in reversed(self.pieces) if piece.track == track), None)
        if last and last.end > self.now():
            last.seconds = max(0.0, self.now() - last.start)
            self.ends[track, last.speaker] = last.end

    def pause(self) -> None:
        self.paused = self.clock.time() if self.paused is None else self.paused

    def resume(self, skip: bool) -> None:
        """Go on; where it skips, as if no time had passed."""
        if self.paused is not None and skip:
            self.began += self.clock.time() - self.paused
        self.paused = None

    def stop(self, trim: bool) -> None:
        """Trimmed, silence before and after goes; a wholly silent tape keeps it. Hardly any is none."""
        end = max([self.now(), *(piece.end for piece in self.pieces)])
        start = 0.0
        if trim and self.pieces:
            start, end = min(piece.start for piece in self.pieces), max(piece.end for piece in self.pieces)
        for piece in self.pieces:
            piece.start -= start
        length = min(end - start, LONGEST)
        self.length = length if self.pieces or length >= SHORTEST else 0.0

    def played(self, tracks: int) -> bytes:
        """The whole, as samples: both tracks mixed into one, or side by side. Slow: not for the event loop."""
        sides = [array("h", audio.silence(self.length)) for _ in range(tracks)]
        for piece in self.pieces:
            _mix(sides[piece.track if tracks > 1 else 0], audio.samples_in(piece.start), array("h", piece.samples()))
        if tracks == 1:
            return sides[0].tobytes()
        both = array("h", bytes(2 * audio.bytes_of(self.length)))
        both[0::2], both[1::2] = sides
        return both.tobytes()

    def _put(self, track: int, speaker: str, start: float, seconds: float, sound: bytes | Media) -> None:
        if self.paused is not None or track not in self.tracks:
            return
        start = max(0.0, start, self.ends.get((track, speaker), 0.0))
        if start + seconds > LONGEST:
            return
        piece = Piece(track, speaker, start, seconds, sound)
        self.pieces.append(piece)
        self.ends[track, speaker] = piece.end
        self.weight += len(sound) if isinstance(sound, bytes) else 0


def _mix(side: array[int], place: int, sound: array[int]) -> None:
    """Lay a sound over what is there."""
    there = side[place : place + len(sound)]
    if any(there):
        sound = array("h", (max(-32768, min(32767, one + two)) for one, two in zip(there, sound, strict=False)))
    side[place : place + len(sound)] = sound[: len(there)]
