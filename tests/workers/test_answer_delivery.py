"""Each result reaches, exactly once, the person who asked."""

import time
from types import SimpleNamespace

import pytest

import events
import worker
from phone_numbers import can_be_texted
from sending import outbox, pacing
from sending.outbox import OutboundMessage
from sending.twilio.calls_and_media import CallEnded
from store import commit_if_unchanged, new_pipeline
from workers import answer_delivery, call_state, pending_answers, sweep, twilio_lookups
from workers.pending_answers import PendingAnswer

ME = "+447700900201"
LANDLINE = "+442079460123"


class FakeGateway:
    """Records what the Twilio gateway is asked to do."""

    def __init__(self, settings, redis):
        self.settings, self.redis = settings, redis
        self.texted, self.updates, self.over, self.takes, self.live = [], [], False, True, True
        self.called = []

    def release(self, most, ahead):
        return pacing.release(self.redis, 1000, most, time.time(), ahead)

    def send_text(self, id):
        self.texted.append(id)
        return "sent"

    def start_call(self, id):
        self.called.append(id)
        return "sent"

    def redirect_call(self, sid, url, number):
        self.updates.append(url)
        if self.over:
            raise CallEnded
        return self.takes

    def is_call_live(self, sid, number):
        return self.live


@pytest.fixture
def gateway(settings, redis, monkeypatch):
    gateway = FakeGateway(settings, redis)
    monkeypatch.setattr(answer_delivery, "get_gateway", lambda: gateway)
    return gateway


def ask(redis, channel="text", person=ME, deadline=60):
    made = PendingAnswer(
        "ask1", "count", "", channel, person, "CA1" if channel == "call" else "SM1", time.time() + deadline
    )
    pipe = new_pipeline(redis)
    pending_answers.plan(pipe, made)
    if channel == "call":
        call_state.record_start(pipe, "CA1", person)
        call_state.add_pending_answer(pipe, "CA1", "ask1")
    assert commit_if_unchanged(redis, pipe, "nothing", "")
    return made


def kinds(redis):
    return [event.type for event in events.read_latest(redis, 50)]


def fields(redis):
    return {name.decode() for name in redis.hkeys("pending-answer:ask1")}


@pytest.mark.parametrize("state", ["answered", "failed"])
def test_of_a_settled_answer_to_a_text_only_the_state_is_kept(gateway, redis, state):
    ask(redis)
    answer_delivery.finish(redis, "ask1", state, "Seven." * 20)
    assert (fields(redis), pending_answers.load(redis, "ask1").state) == ({"state"}, state)
    assert redis.memory_usage("pending-answer:ask1") < 120
    assert redis.ttl("pending-answer:ask1") > 6 * 86_400
    answer_delivery.finish(redis, "ask1", "answered", "Eight.")
    assert outbox.load(redis, "answer:ask1").body == "Seven." * 20


def test_words_of_an_answer_are_forgotten_once_the_caller_has_heard_them(gateway, redis):
    ask(redis, "call")
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    assert {"words", "answer"} <= fields(redis)
    answer_delivery.mark_heard(redis, "ask1")
    assert not {"words", "answer"} & fields(redis)


def test_words_of_an_answer_are_forgotten_once_it_is_in_the_outbox_instead(gateway, redis):
    ask(redis, "call")
    call_state.record_end(redis, "CA1", "completed")
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    assert not {"words", "answer"} & fields(redis)
    assert outbox.load(redis, "answer:ask1").body == "Seven."


def test_answer_to_a_text_is_sent_as_a_text(gateway, redis):
    ask(redis)
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    assert gateway.texted == ["answer:ask1"]
    assert outbox.load(redis, "answer:ask1").body == "Seven."


def test_call_whose_turn_comes_with_an_answer_is_started_and_not_texted(gateway, redis):
    outbox.plan(redis, OutboundMessage("call:raffle-1", ME, "You have won.", ""), now=time.time() - 1)
    ask(redis)
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    assert (gateway.called, gateway.texted) == (["call:raffle-1"], [])


def test_answer_to_a_caller_updates_the_live_call(gateway, redis):
    ask(redis, "call")
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    assert gateway.updates == ["https://talk.example/voice/answer?answer=ask1&doc=2#rc=5&rp=ct,5xx"]
    assert gateway.texted == []


def test_late_answer_does_not_replace_the_first(gateway, redis):
    ask(redis)
    answer_delivery.finish(redis, "ask1", "failed", "Sorry.")
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    assert outbox.load(redis, "answer:ask1").body == "Sorry."
    assert "answer.ready" not in kinds(redis)


def test_caller_who_hung_up_gets_a_text(gateway, redis):
    ask(redis, "call")
    gateway.over = True
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    assert gateway.texted == ["answer:ask1"]


def test_ended_call_is_not_updated(gateway, redis):
    ask(redis, "call")
    with redis.pipeline() as pipe:
        call_state.record_end(pipe, "CA1", "completed")
        pipe.execute()
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    assert (gateway.updates, gateway.texted) == ([], ["answer:ask1"])


def test_landline_is_not_texted_and_the_event_says_why(gateway, redis):
    ask(redis, "call", LANDLINE)
    gateway.over = True
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    assert gateway.texted == []
    assert "cannot receive texts" in events.read_latest(redis, 1)[0].data["reason"]


@pytest.mark.parametrize("number", ["anonymous", "", "client:alice", "+442079460123"])
def test_numbers_that_cannot_be_texted(number):
    assert not can_be_texted(number)


@pytest.mark.parametrize("number", [ME, "+12025550143", "+447912345678"])
def test_numbers_that_can_be_texted(number):
    assert can_be_texted(number)


def test_refused_update_leaves_the_answer_to_the_waiting_document(gateway, redis):
    ask(redis, "call")
    gateway.takes = False
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    assert pending_answers.load(redis, "ask1").route == ""


def test_unheard_answer_is_texted_once_after_the_call(gateway, redis):
    ask(redis, "call")
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    answer_delivery.text_unheard_answers("CA1")
    assert gateway.texted == ["answer:ask1"]
    answer_delivery.text_unheard_answers("CA1")
    assert gateway.texted == ["answer:ask1"]


def test_heard_answer_is_not_texted(gateway, redis):
    ask(redis, "call")
    answer_delivery.finish(redis, "ask1", "answered", "Seven.")
    with redis.pipeline() as pipe:
        answer_delivery.mark_heard(pipe, "ask1")
        pipe.execute()
    answer_delivery.text_unheard_answers("CA1")
    assert gateway.texted == []


def test_failed_task_sends_an_apology_and_logs_the_traceback(gateway, redis, caplog):
    class Job:
        id, description = "ask1", "count (text)"

    ask(redis)
    answer_delivery.on_failure(Job, redis, ZeroDivisionError, ZeroDivisionError("division by zero"), None)
    assert outbox.load(redis, "answer:ask1").body == answer_delivery.FAILURE_MESSAGE
    assert "division by zero" in caplog.text
    assert "answer.failed" in kinds(redis)


def test_progress_of_a_task_whose_caller_has_got_an_apology_is_not_shown(gateway, redis, monkeypatch):
    monkeypatch.setattr(pending_answers, "get_current_job", lambda: SimpleNamespace(connection=redis, id="ask1"))
    ask(redis)
    pending_answers.report_progress(0.5, "half of it")
    answer_delivery.finish(redis, "ask1", "failed", answer_delivery.TIMEOUT_MESSAGE)
    pending_answers.report_progress(0.75, "three quarters of it")
    assert kinds(redis).count("answer.progress") == 1


class TestSweep:
    """What is overdue, unheard or unsent."""

    def test_overdue_answer_becomes_an_apology(self, gateway, redis):
        ask(redis, deadline=-1)
        assert sweep.sweep(redis) == 1
        assert outbox.load(redis, "answer:ask1").body == answer_delivery.TIMEOUT_MESSAGE

    def test_pending_answer_with_time_left_is_not_touched(self, gateway, redis):
        ask(redis, deadline=30)
        assert sweep.sweep(redis) == 0

    def test_two_sweeps_apologize_once(self, gateway, redis):
        ask(redis, deadline=-1)
        sweep.sweep(redis)
        sweep.sweep(redis)
        assert kinds(redis).count("answer.failed") == 1

    def test_answer_lost_in_a_call_that_ended_unnoticed_is_texted(self, gateway, redis):
        ask(redis, "call")
        answer_delivery.finish(redis, "ask1", "answered", "Seven.")
        gateway.live = False
        twilio_lookups.look_up_unknown_states(redis, time.time() + answer_delivery.HEARD_TIMEOUT_SECONDS + 1)
        assert set(gateway.texted) == {"answer:ask1"}

    def test_answer_on_its_way_into_a_live_call_is_not_texted(self, gateway, redis):
        ask(redis, "call")
        answer_delivery.finish(redis, "ask1", "answered", "Seven.")
        twilio_lookups.look_up_unknown_states(redis, time.time() + answer_delivery.HEARD_TIMEOUT_SECONDS + 1)
        assert gateway.texted == []
        assert redis.zcard(answer_delivery.UNHEARD_KEY) == 1

    def test_lookups_at_twilio_which_may_be_slow_delay_no_webhooks(self, gateway, redis):
        outbox.plan(redis, OutboundMessage("answer:ask1", ME, "Seven.", "SM1"))
        redis.hset("outbox:answer:ask1", "state", "unknown")
        redis.zadd(outbox.DUE_KEY, {"answer:ask1": 1})
        sweep.sweep(redis)
        assert gateway.texted == []
        assert twilio_lookups.look_up_unknown_states in [task for _, task in worker.PERIODIC_TASKS]
        twilio_lookups.look_up_unknown_states(redis)
        assert gateway.texted == ["answer:ask1"]

    def test_planned_text_of_a_dead_process_is_sent(self, gateway, redis):
        ask(redis)
        pipe = new_pipeline(redis)
        outbox.plan(pipe, outbox.OutboundMessage("answer:ask1", ME, "Seven.", "SM1"))
        commit_if_unchanged(redis, pipe, "nothing", "")
        sweep.send_waiting(redis)
        assert gateway.texted == ["answer:ask1"]

    def test_expired_records_leave_the_lists(self, gateway, redis):
        redis.zadd(pending_answers.OPEN_KEY, {"gone": 1})
        redis.zadd(outbox.DUE_KEY, {"gone too": 1})
        redis.zadd(outbox.WAITING_KEY, {"gone as well": 1})
        sweep.sweep(redis)
        twilio_lookups.look_up_unknown_states(redis)
        sweep.send_waiting(redis)
        assert not redis.exists(pending_answers.OPEN_KEY, outbox.DUE_KEY, outbox.WAITING_KEY)
