"""The timeline of a recording: the clips of all speakers with their positions, on one or two tracks."""

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
MAX_SECONDS = 3600.0  # later clips are discarded
MIN_SILENCE_SECONDS = 0.1  # a shorter recording without clips counts as empty
MIN_PEAK = 100  # of 32,768, about -50 dB: a microphone in a quiet room stays below it
WINDOW_SAMPLES = wav.sample_count(10)  # `render` yields ten seconds at a time


@dataclass
class TimelineClip:
    """One sound on a track. Text and media are converted during rendering; invalid media becomes silence."""

    track: int
    speaker: str
    start: float
    seconds: float
    sound: Sound

    @property
    def end(self) -> float:
        return self.start + self.seconds

    @property
    def is_silent(self) -> bool:
        """Whether this is recorded sound below MIN_PEAK throughout. Text and media count as sound."""
        return isinstance(self.sound, bytes) and max(map(abs, self.samples()), default=0) < MIN_PEAK

    def samples(self) -> array[int]:
        return array("h", self._sound()[: wav.byte_count(self.seconds)])

    def _sound(self) -> bytes:
        match self.sound:
            case bytes(sound):
                return sound
            case str(text):
                return synthetic_speech.synthesize(text)
            case media:
                with suppress(wav.InvalidAudio):
                    return wav.from_wav(media.body)
                return b""


@dataclass
class RecordingTimeline:
    """Clips of different speakers can overlap; clips of one speaker follow each other.

    On the timeline, a clip has its natural length regardless of the call's pace."""

    clock: Clock
    pace: float
    tracks: frozenset[int] = frozenset({0, 1})  # the tracks to record
    clips: list[TimelineClip] = field(default_factory=list)
    bytes_held: int = 0  # total size of the sound and text in the clips
    length: float = 0.0  # seconds, set by `stop`
    paused: float | None = None  # clock time when the pause began
    ends: dict[tuple[int, str], float] = field(default_factory=dict)  # end of the last clip, by track and speaker

    def __post_init__(self) -> None:
        self.began = self.clock.time()

    def now(self) -> float:
        """Returns the current position in seconds."""
        return self.clock.time() - self.began

    def remaining_seconds(self) -> float:
        """Returns the number of seconds until the last clip ends."""
        return max(0.0, max(self.ends.values(), default=0.0) - self.now())

    def add_now(self, track: int, sound: bytes | str, speaker: str = "") -> None:
        """Adds sound or text that begins now."""
        seconds = synthetic_speech.synthesized_seconds(sound) if isinstance(sound, str) else wav.duration_seconds(sound)
        self._add(track, speaker, self.now(), seconds, sound)
        self.began -= seconds * max(0.0, 1 - self.pace)

    def add_past(self, track: int, sound: bytes, speaker: str = "") -> None:
        """Adds sound that ends now, such as an audio clip that arrives once it is complete."""
        seconds = wav.duration_seconds(sound)
        self._add(track, speaker, self.now() - seconds, seconds, sound)

    def add_media(self, track: int, media: Media, seconds: float) -> None:
        """Adds media that begins now and lasts `seconds`."""
        self._add(track, "", self.now(), seconds, media)
        self.began -= seconds * max(0.0, 1 - self.pace)

    def cut_short(self, track: int) -> None:
        """Ends the last clip of a track now."""
        last = next((clip for clip in reversed(self.clips) if clip.track == track), None)
        if last and last.end > self.now():
            last.seconds = max(0.0, self.now() - last.start)
            self.ends[track, last.speaker] = last.end

    def pause(self) -> None:
        self.paused = self.clock.time() if self.paused is None else self.paused

    def resume(self, skip: bool) -> None:
        """Continues after a pause. `skip` leaves the pause out; otherwise it is recorded as silence."""
        if self.paused is not None and skip:
            self.began += self.clock.time() - self.paused
        self.paused = None

    def is_silent(self, track: int) -> bool:
        return all(clip.is_silent for clip in self.clips if clip.track == track)

    def stop(self, trim: bool) -> None:
        """Sets the length. `trim` removes silence before the first and after the last clip, if there are clips.

        Without clips, a length below MIN_SILENCE_SECONDS becomes 0."""
        end = max([self.now(), *(clip.end for clip in self.clips)])
        start = 0.0
        if trim and self.clips:
            start, end = min(clip.start for clip in self.clips), max(clip.end for clip in self.clips)
        for clip in self.clips:
            clip.start -= start
        length = min(end - start, MAX_SECONDS)
        self.length = length if self.clips or length >= MIN_SILENCE_SECONDS else 0.0

    def byte_size(self, tracks: int) -> int:
        """Returns the number of bytes that `render` yields in total."""
        return wav.byte_count(self.length) * tracks

    def render(self, tracks: int) -> Iterator[bytes]:
        """Yields the samples in windows: all tracks mixed into one channel, or two interleaved channels.

        CPU-bound: run it in a thread."""
        pending, active = sorted(self.clips, key=lambda clip: clip.start, reverse=True), []
        for begin in range(0, wav.sample_count(self.length), WINDOW_SAMPLES):
            end = min(begin + WINDOW_SAMPLES, wav.sample_count(self.length))
            while pending and wav.sample_count(pending[-1].start) < end:
                clip = pending.pop()
                active.append((wav.sample_count(clip.start), clip.track if tracks > 1 else 0, clip.samples()))
            channels = [array("h", bytes(wav.SAMPLE_BYTES * (end - begin))) for _ in range(tracks)]
            for start, track, samples in active:
                _mix(channels[track], start - begin, samples)
            active = [clip for clip in active if clip[0] + len(clip[2]) > end]
            yield _interleave(channels)

    def _add(self, track: int, speaker: str, start: float, seconds: float, sound: Sound) -> None:
        if self.paused is not None or track not in self.tracks:
            return
        start = max(0.0, start, self.ends.get((track, speaker), 0.0))
        if start + seconds > MAX_SECONDS:
            return
        clip = TimelineClip(track, speaker, start, seconds, sound)
        self.clips.append(clip)
        self.ends[track, speaker] = clip.end
        self.bytes_held += len(sound) if isinstance(sound, bytes | str) else 0


def _mix(channel: array[int], offset: int, samples: array[int]) -> None:
    """Mixes samples into a channel from `offset`, which may be negative. Ignores samples outside the channel."""
    samples = samples[max(0, -offset) : len(channel) - offset]
    offset = max(0, offset)
    existing = channel[offset : offset + len(samples)]
    if any(existing):
        mixed = (max(-32768, min(32767, one + two)) for one, two in zip(existing, samples, strict=True))
        samples = array("h", mixed)
    channel[offset : offset + len(samples)] = samples


def _interleave(channels: list[array[int]]) -> bytes:
    if len(channels) == 1:
        return channels[0].tobytes()
    interleaved = array("h", bytes(wav.SAMPLE_BYTES * 2 * len(channels[0])))
    interleaved[0::2], interleaved[1::2] = channels
    return interleaved.tobytes()
