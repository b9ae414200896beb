"""The timeline of a recording: what several people say, each at its place in time, on one track or two."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from ringback.service.clock import Clock
from ringback.service.media import Media
from ringback.sound import synthetic_speech, wav

Sound: TypeAlias = bytes | str | Media
MAX_SECONDS = 3600.0  # seconds; what comes later is lost
MIN_SILENCE_SECONDS = 0.1  # seconds of silence that count as a recording
WINDOW_SAMPLES = wav.sample_count(10)  # so much is made at a time


@dataclass
class TimelineClip:
    """One sound on a track. Words and media become sound only when somebody listens; what cannot be is silence."""

    track: int
    speaker: str
    start: float
    seconds: float
    sound: Sound

    @property
    def end(self) -> float:
        return self.start + self.seconds

    def samples(self) -> array[int]:
        return array("h", self._sound()[: wav.byte_count(self.seconds)])

    def _sound(self) -> bytes:
        match self.sound:
            case bytes(sound):
                return sound
            case str(words):
                return synthetic_speech.synthesize(words)
            case media:
                with suppress(wav.InvalidAudio):
                    return wav.from_wav(media.body)
                return b""


@dataclass
class RecordingTimeline:
    """Two people who speak at once are both on it; one who speaks twice says it one after the other.

    Words take their time on the timeline, whatever the pace at which they are handed in."""

    clock: Clock
    pace: float
    tracks: frozenset[int] = frozenset({0, 1})  # the others are not recorded
    clips: list[TimelineClip] = field(default_factory=list)
    bytes_held: int = 0  # bytes
    length: float = 0.0  # seconds, once it has been stopped
    paused: float | None = None  # since when
    ends: dict[tuple[int, str], float] = field(default_factory=dict)  # of what each has said so far

    def __post_init__(self) -> None:
        self.began = self.clock.time()

    def now(self) -> float:
        """The current position, in seconds."""
        return self.clock.time() - self.began

    def remaining_seconds(self) -> float:
        """How many seconds what is being said will still take."""
        return max(0.0, max(self.ends.values(), default=0.0) - self.now())

    def add_now(self, track: int, sound: bytes | str, speaker: str = "") -> None:
        """Somebody begins to make this sound, or to say these words."""
        length = (
            wav.duration_seconds(sound) if isinstance(sound, bytes) else synthetic_speech.synthesized_seconds(sound)
        )
        self._put(track, speaker, self.now(), length, sound)
        self.began -= length * max(0.0, 1 - self.pace)

    def add_past(self, track: int, sound: bytes, speaker: str = "") -> None:
        """This was just said: what a microphone hears arrives when it is over."""
        length = wav.duration_seconds(sound)
        self._put(track, speaker, self.now() - length, length, sound)

    def add_media(self, track: int, media: Media, seconds: float) -> None:
        """This begins to be played, for so long."""
        self._put(track, "", self.now(), seconds, media)
        self.began -= seconds * max(0.0, 1 - self.pace)

    def cut_short(self, track: int) -> None:
        """What is being said or played there stops."""
        last = next((clip for clip in reversed(self.clips) if clip.track == track), None)
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
        """Trimmed, silence before and after goes; a wholly silent recording keeps it. Hardly any is none."""
        end = max([self.now(), *(clip.end for clip in self.clips)])
        start = 0.0
        if trim and self.clips:
            start, end = min(clip.start for clip in self.clips), max(clip.end for clip in self.clips)
        for clip in self.clips:
            clip.start -= start
        length = min(end - start, MAX_SECONDS)
        self.length = length if self.clips or length >= MIN_SILENCE_SECONDS else 0.0

    def byte_size(self, tracks: int) -> int:
        """How many bytes `render` makes in all."""
        return wav.byte_count(self.length) * tracks

    def render(self, tracks: int) -> Iterator[bytes]:
        """The samples of the whole, some seconds at a time: both tracks mixed into one, or side by side.

        Slow: not for the event loop."""
        waiting, sounding = sorted(self.clips, key=lambda clip: clip.start, reverse=True), []
        for place in range(0, wav.sample_count(self.length), WINDOW_SAMPLES):
            until = min(place + WINDOW_SAMPLES, wav.sample_count(self.length))
            while waiting and wav.sample_count(waiting[-1].start) < until:
                clip = waiting.pop()
                sounding.append((wav.sample_count(clip.start), clip.track if tracks > 1 else 0, clip.samples()))
            sides = [array("h", bytes(wav.SAMPLE_BYTES * (until - place))) for _ in range(tracks)]
            for start, track, sound in sounding:
                _mix(sides[track], start - place, sound)
            sounding = [each for each in sounding if each[0] + len(each[2]) > until]
            yield _side_by_side(sides)

    def _put(self, track: int, speaker: str, start: float, seconds: float, sound: Sound) -> None:
        if self.paused is not None or track not in self.tracks:
            return
        start = max(0.0, start, self.ends.get((track, speaker), 0.0))
        if start + seconds > MAX_SECONDS:
            return
        clip = TimelineClip(track, speaker, start, seconds, sound)
        self.clips.append(clip)
        self.ends[track, speaker] = clip.end
        self.bytes_held += len(sound) if isinstance(sound, bytes | str) else 0


def _mix(side: array[int], place: int, sound: array[int]) -> None:
    """Lay as much of a sound over what is there as falls upon it."""
    sound = sound[max(0, -place) : len(side) - place]
    place = max(0, place)
    there = side[place : place + len(sound)]
    if any(there):
        sound = array("h", (max(-32768, min(32767, one + two)) for one, two in zip(there, sound, strict=True)))
    side[place : place + len(sound)] = sound


def _side_by_side(sides: list[array[int]]) -> bytes:
    if len(sides) == 1:
        return sides[0].tobytes()
    both = array("h", bytes(wav.SAMPLE_BYTES * 2 * len(sides[0])))
    both[0::2], both[1::2] = sides
    return both.tobytes()
