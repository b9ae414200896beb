"""Events folded into timeline entries: what the audience reads about each call and text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import events
from event_types import EVENT_TYPES
from show.lanes.content import make_lane
from stage.timeline import MAX_ENTRIES
from stage.timeline_events import HANDLERS
from tests.support.timeline_of_events import TimelineOfEvents

FOLDED_ELSEWHERE = {"delivery.rejected", "sending.stopped", "sending.resumed", "show.changed", "show.purged"}


def words(story):
    return [step.text for step in story.steps]


def test_text_is_an_entry_from_arrival_to_answer(happens):
    happens("text.received", who="+44 ••• 123", words="time")
    story = happens("text.answered", after=0.006, answer="It is 14:05.", ms=6)
    assert (story.who, story.request, story.answer) == ("+44 ••• 123", "time", "It is 14:05.")
    assert words(story) == ["received", "replied"]
    assert story.state_label == "answered"


def test_slow_command_shows_the_time_of_each_step(happens):
    happens("text.received", words="check example.com")
    happens("text.answered", after=0.006, answer="I am looking.", ms=6)
    assert happens("answer.queued", after=0.001, answer_id="a").state == "waiting"
    story = happens("answer.started", after=0.2, answer_id="a", attempt=1)
    assert story.state == "running"
    happens("answer.progress", after=1, answer_id="a", done=0.4, words="asking")
    assert (story.progress.fraction, story.progress.text) == (0.4, "asking")
    happens("answer.ready", after=1.9, answer_id="a", answer="It is up.", seconds=3.1)
    assert story.progress is None
    assert story.answer == "It is up."
    assert [(step.text, step.elapsed) for step in story.steps] == [
        ("received", "0 ms"),
        ("replied", "6 ms"),
        ("queued", "7 ms"),
        ("worker started", "207 ms"),
        ("result", "3.1 s"),
    ]


def test_answer_comes_before_the_job_that_it_queues(happens):
    happens("text.received", words="count")
    happens("answer.queued", answer_id="a")
    story = happens("text.answered", answer="I am counting.", ms=6)  # all three are committed at the same time
    steps = [(step.text, step.elapsed) for step in story.steps]
    assert steps == [("received", "0 ms"), ("replied", "6 ms"), ("queued", "6 ms")]


def test_slow_answer_is_not_green_until_it_has_been_sent(happens):
    happens("text.received", words="count")
    happens("answer.queued", answer_id="a")
    happens("text.answered", answer="I am counting.", ms=6)
    assert happens("answer.ready", answer_id="a", answer="Two people.", seconds=1).state == "waiting"
    assert happens("text.sent", answer="Two people.", segments=1).state == "success"


def test_call_is_an_entry_until_it_ends(happens):
    happens("call.received", "CA1", who="+44 ••• 123")
    happens("call.heard", "CA1", words="pressed 1")
    assert happens("call.spoken", "CA1", answer="It is 14:05.", ms=4.2).state_label == "on the line"
    story = happens("call.ended", "CA1", status="completed", seconds="14")
    assert story.state_label == "ended"
    assert words(story) == ["called", "pressed 1", "spoke", "hung up"]


def test_delivered_apology_is_not_a_success(happens):
    happens("answer.queued", answer_id="a")
    happens("answer.failed", answer_id="a", reason="Sorry, that took too long.")
    story = happens("text.sent", answer="Sorry, that took too long.", segments=1)
    story = happens("text.delivered", status="delivered")
    assert story.state_label == "failed"
    assert story.answer == "Sorry, that took too long."


def test_call_whose_end_arrives_before_its_start_is_not_live(happens):
    happens("call.ended", "CA1", status="canceled")
    assert not happens("call.received", "CA1", who="+44 ••• 123").is_live


def test_ended_call_after_a_failure_stays_failed(happens):
    happens("call.received", "CA1")
    happens("answer.queued", "CA1", answer_id="a")
    happens("answer.failed", "CA1", answer_id="a", reason="Sorry.")
    assert happens("call.ended", "CA1", status="completed").state_label == "failed"


def test_refused_text_shows_the_reason(happens):
    story = happens("text.failed", who="+44 ••• 123", reason="they texted STOP")
    assert words(story) == ["not sent: they texted STOP"]
    assert story.state_label == "failed"


def test_status_of_a_text_is_updated_in_place(happens):
    for status in ("sent", "delivered"):
        story = happens("text.delivered", status=status)
    assert words(story) == ["delivered"]
    assert story.state_label == "sent"  # nobody asked for it


def test_duplicates_are_one_entry(happens):
    happens("text.received", words="time")
    for _ in range(9):
        story = happens("delivery.duplicate", address="/sms")
    assert story.duplicates == 9
    assert len(happens.timeline.entries) == 1


def test_outbound_call_is_not_active_forever(happens):
    assert happens("call.spoken", "CA1", answer="Somebody pushed.", ms=0).state_label == "answered"
    assert happens("call.spoken", "CA1", answer="You no longer follow anything here. Goodbye.", ms=0).state == "success"


def test_long_call_keeps_its_first_and_newest_steps(happens):
    happens("call.received", "CA1")
    for number in range(50):
        story = happens("call.heard", "CA1", words=f"pressed {number}")
    assert words(story)[0] == "called"
    assert words(story)[-1] == "pressed 49"
    assert len(story.steps) + story.omitted_steps == 51


def test_event_told_to_many_followers_is_one_entry(happens):
    happens("webhook.received", "", provider="github", event="push", summary="Somebody pushed.")
    for number in range(20):
        happens("text.sent", "1-0", who=f"+44 ••• {number}", answer="Somebody pushed.", is_notification=True)
        happens("text.delivered", "1-0", status="delivered", is_notification=True)
    happens("call.spoken", "CA7", answer="Somebody pushed.", about="1-0")
    assert list(happens.timeline.entries) == ["1-0"]
    assert happens.timeline.entries["1-0"].told == 21
    assert words(happens.timeline.entries["1-0"]) == ["received", "told followers"]


def test_waveform_leaves_with_its_recording(happens):
    happens("call.received", "CA1")
    story = happens("recording.ready", "CA1", peaks=[0, 0.5, 1], loudness=-18)
    assert (story.request, story.peaks) == ("left a message", [0, 0.5, 1])
    assert happens("call.heard", "CA1", words="pressed 1").peaks == []


def test_live_call_is_kept_however_many_texts_come(happens):
    happens("call.received", "CA1")
    for number in range(MAX_ENTRIES + 50):
        happens("text.received", f"SM{number}")
    assert "CA1" in happens.timeline.entries


def test_timeline_is_bounded(happens):
    for number in range(MAX_ENTRIES + 50):
        happens("text.received", f"SM{number}")
    assert len(happens.timeline.entries) == MAX_ENTRIES
    assert happens.timeline.visible_entries()[0].id == f"SM{MAX_ENTRIES + 49}"


@pytest.mark.parametrize(("kind", "story"), [("text.received", "SM1"), ("call.received", "CA-new")])
def test_newest_entry_is_kept_even_if_all_others_are_live_calls(happens, kind, story):
    for number in range(MAX_ENTRIES):
        happens("call.received", f"CA{number}")
    assert happens(kind, story).steps
    assert len(happens.timeline.entries) == MAX_ENTRIES
    assert "CA0" not in happens.timeline.entries


def test_every_event_type_is_handled():
    assert set(HANDLERS) | FOLDED_ELSEWHERE == set(EVENT_TYPES)


def test_presenter_action_is_no_entry(happens):
    happens("show.changed", "")
    assert not happens.timeline.entries


def test_event_without_a_subject_is_an_entry(happens):
    happens("person.opted_out", "", who="+44 ••• 123")
    assert [step.text for step in happens.timeline.entries["1-0"].steps] == ["opted out of texts"]


NAMES = ["who", "words", "answer", "ms", "answer_id", "status", "seconds", "reason", "done", "attempt", "segments"]
facts = st.dictionaries(
    st.sampled_from([*NAMES, "loudness", "peaks", "address", "provider"]),
    st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.lists(st.floats()), st.booleans()),
)


@given(st.sampled_from(sorted(EVENT_TYPES)), facts)
def test_any_event_data_can_be_rendered(kind, found):
    happens = TimelineOfEvents()
    story = happens(kind, **json.loads(json.dumps(found)))
    if story:
        make_lane(story, happens.now, is_hidden_until_approved=True)
        make_lane(story, happens.now, is_hidden_until_approved=False)


def test_ids_are_compared_as_numbers():
    assert events.is_after("10-0", "9-0")
    assert events.is_after("9-10", "9-9")
    assert not events.is_after("9-0", "9-0")


def test_stream_is_longer_than_the_timeline():
    assert events.MAX_EVENTS > MAX_ENTRIES


def test_erased_entry_leaves_the_screen(happens):
    happens("text.received", words="time")
    happens.timeline.board.advance(happens.now)
    happens("show.purged", "", sids=["SM1"])
    assert not happens.timeline.entries
    assert not any(slot.item for slot in happens.timeline.board.slots)
