"""Overlapping speech is placed on the recording's timeline."""

import itertools
from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.service.clock import Clock
from ringback.sound import synthetic_speech, wav
from ringback.sound.recording_timeline import MAX_SECONDS, WINDOW_SAMPLES, RecordingTimeline

MOMENTS = st.lists(st.tuples(st.floats(0, 3), st.sampled_from([0, 1]), st.booleans(), st.integers(1, 300)), max_size=8)


def tone(samples):
    return array("h", [9000] * samples).tobytes()


def taped(moments, pace=1.0, **more):
    """A timeline with sounds: seconds before each, its track, whether it begins or ends then, number of samples."""
    clock = Clock(stopped=True)
    timeline = RecordingTimeline(clock, pace, **more)
    for seconds, track, at_once, samples in moments:
        clock.ahead += seconds
        (timeline.add_now if at_once else timeline.add_past)(track, tone(samples))
    return timeline


def played(timeline, tracks):
    parts = list(timeline.render(tracks))
    assert sum(map(len, parts)) == timeline.byte_size(tracks)
    assert max(map(len, parts), default=0) <= 2 * tracks * WINDOW_SAMPLES
    return b"".join(parts)


@settings(max_examples=20)
@given(MOMENTS, st.sampled_from([0.0, 1.0]), st.booleans())
def test_mono_is_the_mix_of_both_channels(moments, pace, trim):
    timeline = taped(moments, pace)
    timeline.stop(trim)
    sides, one = array("h", played(timeline, 2)), array("h", played(timeline, 1))
    assert len(sides) == 2 * len(one) == 2 * wav.sample_count(timeline.length)
    assert one == array("h", (left + right for left, right in zip(sides[0::2], sides[1::2], strict=True)))
    said = {track: sum(samples for _, on, _, samples in moments if on == track) for track in (0, 1)}
    for track in (0, 1):
        heard = sum(1 for sample in sides[track::2] if sample)
        assert abs(heard - said[track]) <= 2 * len(moments)  # no sound is lost; rounding may cost samples


@settings(max_examples=20)
@given(MOMENTS, st.sampled_from([0.0, 1.0]))
def test_clips_of_one_speaker_do_not_overlap(moments, pace):
    timeline = taped(moments, pace)
    for track in (0, 1):
        said = [piece for piece in timeline.clips if piece.track == track]
        assert all(before.end <= after.start for before, after in itertools.pairwise(said))


def test_simultaneous_speakers_are_both_recorded():
    timeline = taped([(1, 0, True, 8000), (0.5, 1, True, 8000)])
    assert [(piece.track, round(piece.start, 1)) for piece in timeline.clips] == [(0, 1.0), (1, 1.5)]


def test_excluded_track_is_not_recorded():
    timeline = taped([(1, 0, True, 8000), (0, 1, True, 8000)], tracks=frozenset({1}))
    assert [piece.track for piece in timeline.clips] == [1]


def test_pause_is_silent_or_skipped():
    for skip, length in ((False, 5.0), (True, 2.0)):
        timeline = taped([(1, 0, True, 800)])
        timeline.pause()
        timeline.clock.ahead += 3
        timeline.add_now(0, tone(800))
        timeline.resume(skip)
        timeline.clock.ahead += 1
        timeline.stop(trim=False)
        assert (round(timeline.length, 3), len(timeline.clips)) == (length, 1)


def test_recording_has_a_maximum_length():
    timeline = taped([(MAX_SECONDS + 1, 0, True, 800)])
    timeline.stop(trim=False)
    assert (timeline.length, timeline.clips, timeline.bytes_held) == (MAX_SECONDS, [], 0)


def test_interrupted_clip_is_silent_afterwards():
    timeline = taped([(0, 1, True, 8000)])
    timeline.clock.ahead += 0.25
    timeline.cut_short(1)
    assert timeline.clips[0].seconds == 0.25
    timeline.stop(trim=True)
    assert len(played(timeline, 1)) == wav.byte_count(0.25)


def test_typed_words_take_little_memory_until_rendered():
    timeline = RecordingTimeline(Clock(stopped=True), pace=0.0)
    timeline.add_now(0, "good morning " * 100)
    timeline.stop(trim=True)
    assert timeline.bytes_held == len("good morning " * 100)
    assert played(timeline, 1) == synthetic_speech.synthesize("good morning " * 100)
