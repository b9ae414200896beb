"""Bringing results back: never nothing, never twice."""

import time

import pytest

import events
from sending import outbox, pacing
from sending.live_calls import CallEnded
from sending.number_types import can_be_texted
from store import commit_if_unchanged, new_pipeline
from workers import callbacks, calls, pending_answers, sweep
from workers.pending_answers import PendingAnswer

ME = "+447700900201"
LANDLINE = "+442079460123"


class Operator:
    """Stands at the edge of the network: what the telephone is asked to do."""

    def __init__(self, settings, redis):
        self.settings, self.redis = settings, redis
        self.texted, self.updates, self.over, self.takes, self.live = [], [], False, True, True

    def release(self, most, ahead):
        return pacing.release(self.redis, 1000, most, time.time(), ahead)

    def send_text(self, id):
        self.texted.append(id)
        return "sent"

    def redirect_call(self, sid, url):
        self.updates.append(url)
        if self.over:
            raise CallEnded
        return self.takes

    def is_call_live(self, sid):
        return self.live


@pytest.fixture
def operator(settings, redis, monkeypatch):
    operator = Operator(settings, redis)
    monkeypatch.setattr(callbacks, "get_gateway", lambda: operator)
    return operator


def ask(redis, channel="text", person=ME, deadline=60):
    made = PendingAnswer(
        "ask1", "count", "", channel, person, "CA1" if channel == "call" else "SM1", time.time() + deadline
    )
    pipe = new_pipeline(redis)
    pending_answers.plan(pipe, made)
    if channel == "call":
        calls.record_start(pipe, "CA1", person)
        calls.add_pending_answer(pipe, "CA1", "ask1")
    assert commit_if_unchanged(redis, pipe, "nothing", "")
    return made


def kinds(redis):
    return [event.type for event in events.read_latest(redis, 50)]


def test_who_texted_gets_a_text(operator, redis):
    ask(redis)
    callbacks.finish(redis, "ask1", "answered", "Seven.")
    assert operator.texted == ["answer:ask1"]
    assert outbox.load(redis, "answer:ask1").body == "Seven."


def test_who_called_hears_it_in_the_live_call(operator, redis):
    ask(redis, "call")
    callbacks.finish(redis, "ask1", "answered", "Seven.")
    assert operator.updates == ["https://talk.example/voice/answer?answer=ask1&doc=2"]
    assert operator.texted == []


def test_the_first_answer_counts_and_a_late_one_does_not_undo_it(operator, redis):
    ask(redis)
    callbacks.finish(redis, "ask1", "failed", "Sorry.")
    callbacks.finish(redis, "ask1", "answered", "Seven.")
    assert outbox.load(redis, "answer:ask1").body == "Sorry."
    assert "answer.ready" not in kinds(redis)


def test_who_hung_up_gets_a_text_instead(operator, redis):
    ask(redis, "call")
    operator.over = True
    callbacks.finish(redis, "ask1", "answered", "Seven.")
    assert operator.texted == ["answer:ask1"]


def test_who_hung_up_long_before_is_not_even_rung(operator, redis):
    ask(redis, "call")
    with redis.pipeline() as pipe:
        calls.record_end(pipe, "CA1", "completed")
        pipe.execute()
    callbacks.finish(redis, "ask1", "answered", "Seven.")
    assert (operator.updates, operator.texted) == ([], ["answer:ask1"])


def test_a_landline_is_not_texted_and_the_stage_says_so(operator, redis):
    ask(redis, "call", LANDLINE)
    operator.over = True
    callbacks.finish(redis, "ask1", "answered", "Seven.")
    assert operator.texted == []
    assert "cannot receive texts" in events.read_latest(redis, 1)[0].data["reason"]


@pytest.mark.parametrize("number", ["anonymous", "", "client:alice", "+442079460123"])
def test_not_everybody_can_be_texted(number):
    assert not can_be_texted(number)


@pytest.mark.parametrize("number", [ME, "+12025550143", "+447912345678"])
def test_most_can(number):
    assert can_be_texted(number)


def test_an_update_that_twilio_does_not_take_leaves_the_answer_to_the_waiting_document(operator, redis):
    ask(redis, "call")
    operator.takes = False
    callbacks.finish(redis, "ask1", "answered", "Seven.")
    assert pending_answers.load(redis, "ask1").route == ""


def test_an_answer_nobody_heard_is_texted_when_the_call_is_over(operator, redis):
    ask(redis, "call")
    callbacks.finish(redis, "ask1", "answered", "Seven.")
    callbacks.text_unheard_answers("CA1")
    assert operator.texted == ["answer:ask1"]
    callbacks.text_unheard_answers("CA1")
    assert operator.texted == ["answer:ask1"]


def test_an_answer_that_was_heard_is_not_texted_as_well(operator, redis):
    ask(redis, "call")
    callbacks.finish(redis, "ask1", "answered", "Seven.")
    with redis.pipeline() as pipe:
        callbacks.mark_heard(pipe, "ask1")
        pipe.execute()
    callbacks.text_unheard_answers("CA1")
    assert operator.texted == []


def test_a_task_that_fails_ends_in_an_apology_and_the_log_has_the_trace(operator, redis, caplog):
    class Job:
        id, description = "ask1", "count (text)"

    ask(redis)
    callbacks.on_failure(Job, redis, ZeroDivisionError, ZeroDivisionError("division by zero"), None)
    assert outbox.load(redis, "answer:ask1").body == callbacks.FAILURE_MESSAGE
    assert "division by zero" in caplog.text
    assert "answer.failed" in kinds(redis)


class TestSweep:
    """What nobody came back for."""

    def test_an_overdue_ask_ends_in_an_apology(self, operator, redis):
        ask(redis, deadline=-1)
        assert sweep.sweep(redis) == 1
        assert outbox.load(redis, "answer:ask1").body == callbacks.TIMEOUT_MESSAGE

    def test_an_ask_that_still_has_time_is_left_alone(self, operator, redis):
        ask(redis, deadline=30)
        assert sweep.sweep(redis) == 0

    def test_two_sweeps_at_once_apologise_once(self, operator, redis):
        ask(redis, deadline=-1)
        sweep.sweep(redis)
        sweep.sweep(redis)
        assert kinds(redis).count("answer.failed") == 1

    def test_an_answer_that_never_arrived_in_a_call_that_ended_unseen_is_texted(self, operator, redis):
        ask(redis, "call")
        callbacks.finish(redis, "ask1", "answered", "Seven.")
        operator.live = False
        sweep.sweep(redis, time.time() + callbacks.HEARD_TIMEOUT_SECONDS + 1)
        assert set(operator.texted) == {"answer:ask1"}

    def test_an_answer_on_its_way_into_a_live_call_is_waited_for(self, operator, redis):
        ask(redis, "call")
        callbacks.finish(redis, "ask1", "answered", "Seven.")
        sweep.sweep(redis, time.time() + callbacks.HEARD_TIMEOUT_SECONDS + 1)
        assert operator.texted == []
        assert redis.zcard(callbacks.UNHEARD_KEY) == 1

    def test_a_planned_text_whose_process_died_is_taken_up(self, operator, redis):
        ask(redis)
        pipe = new_pipeline(redis)
        outbox.plan(pipe, outbox.OutboundMessage("answer:ask1", ME, "Seven.", "SM1"))
        commit_if_unchanged(redis, pipe, "nothing", "")
        sweep.send_waiting(redis)
        assert operator.texted == ["answer:ask1"]

    def test_rows_that_were_forgotten_do_not_stay_in_the_lists(self, operator, redis):
        redis.zadd(pending_answers.OPEN_KEY, {"gone": 1})
        redis.zadd(outbox.DUE_KEY, {"gone too": 1})
        redis.zadd(outbox.WAITING_KEY, {"gone as well": 1})
        sweep.sweep(redis)
        sweep.send_waiting(redis)
        assert not redis.exists(pending_answers.OPEN_KEY, outbox.DUE_KEY, outbox.WAITING_KEY)
