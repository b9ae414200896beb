"""What the stage says about each call and text is true: only an answer that somebody has is "answered"."""

from contextlib import closing

import pytest

import events
from answer_outcomes import FAILED, AnswerText
from sending.http.client import HttpClient
from sending.twilio.gateway import TwilioGateway
from stage.timeline import Timeline
from stage.timeline_entry import STATE_LABELS
from tests.support.person import ME
from tests.support.receivers import leads_to
from tests.support.silent_gateway import SilentGateway
from workers import answer_delivery, pending_answers, tasks


def entries(redis):
    timeline = Timeline()
    for event in events.read_latest(redis, 500):
        timeline.apply(event)
    return list(timeline.entries.values())


def only_state(redis):
    (entry,) = entries(redis)
    return entry.state_label


def statuses(redis):
    return {step.status for entry in entries(redis) for step in entry.steps}


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("time", "answered"),
        ("help", "answered"),
        ("what is the meaning of life", "not understood"),
        ("", "not understood"),
        ("check", "asked back"),
        ("follow the money", "asked back"),
        ("webhook ftp://hear.example", "asked back"),
        ("STOP", "opted out"),
        ("Stop!", "opted out"),
        ("START", "opted in"),
        ("Start!", "opted in"),
        ("count", "waiting"),
    ],
)
def test_state_of_a_text(person, redis, text, state):
    person.texts(text)
    assert only_state(redis) == state
    assert ("success" in statuses(redis)) == (state in ("answered", "waiting"))


def test_fourth_open_question_is_declined(person, redis):
    for _ in range(4):
        person.texts("count")
    assert [entry.state_label for entry in entries(redis)] == ["waiting"] * 3 + ["declined"]


def test_caller_who_is_not_understood_gets_no_green_step(person, redis):
    person.dials().says("banana")
    assert [step.status for step in entries(redis)[0].steps][-1] == "neutral"


@pytest.fixture
def gateway(settings, redis, monkeypatch):
    gateway = SilentGateway(settings, redis)
    monkeypatch.setattr(answer_delivery, "get_gateway", lambda: gateway)
    monkeypatch.setattr(tasks, "get_gateway", lambda: gateway)
    return gateway


def answer(redis, person, answer):
    person.texts("check hear.example")
    id = redis.zrange(pending_answers.OPEN_KEY, 0, 0)[0].decode()
    answer_delivery.finish(redis, id, "answered", answer)
    return pending_answers.load(redis, id)


def sent(redis, subject, body):
    events.publish(redis, "text.sent", subject, who="+44 ••• 201", answer=body, segments=1)
    events.publish(redis, "text.delivered", subject, status="delivered", error="", who="+44 ••• 201")


@pytest.mark.parametrize(("told", "state"), [("It is up.", "answered"), (AnswerText("It is down.", FAILED), "failed")])
def test_answer_is_waiting_until_its_text_has_been_sent(gateway, redis, person, told, state):
    answer(redis, person, told)
    assert only_state(redis) == "waiting"
    (entry,) = entries(redis)
    sent(redis, entry.id, told)
    assert only_state(redis) == state


def test_text_that_was_not_sent_is_failed(gateway, redis, person):
    answer(redis, person, "It is up.")
    events.publish(redis, "text.failed", entries(redis)[0].id, who="+44 ••• 201", reason="they texted STOP")
    assert only_state(redis) == "failed"


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "10.0.0.1", "no-such-host.invalid", "hear.example:22"])
def test_check_that_got_no_page_is_a_failure(gateway, monkeypatch, address):
    with closing(HttpClient(resolver=leads_to("10.0.0.1"))) as client:
        monkeypatch.setattr(tasks, "get_client", lambda: client)
        assert tasks.check(address).outcome == FAILED


def test_outcome_of_an_answer_is_in_our_webhooks(gateway, redis, person):
    answer(redis, person, AnswerText("It is down.", FAILED))
    ready = [event for event in events.read_latest(redis, 9) if event.type == "answer.ready"]
    assert ready[0].data["outcome"] == "failed"


@pytest.mark.parametrize("event", ["invoice.paid", "invoice.payment_failed"])
def test_webhook_that_arrived_is_received_not_answered(redis, event):
    events.publish(redis, "webhook.received", provider="stripe", event=event, summary="49.00 GBP", raw_payload="")
    assert only_state(redis) == "received"
    assert statuses(redis) == {"neutral"}


def test_event_told_to_twenty_followers_is_one_entry(redis):
    events.publish(redis, "webhook.received", provider="github", event="push", summary="ada pushed", raw_payload="")
    subject = events.read_latest(redis, 1)[0].id
    for _ in range(20):
        data = {"who": "+44 ••• 201", "answer": "ada pushed", "segments": 1, "is_notification": True}
        events.publish(redis, "text.sent", subject, **data)
        events.publish(redis, "text.delivered", subject, status="delivered", error="", is_notification=True)
    for _ in range(2):
        events.publish(redis, "text.failed", subject, who="+44 ••• 202", reason="no number", is_notification=True)
    (entry,) = entries(redis)
    assert (entry.told, entry.not_told, entry.state_label) == (20, 2, "received")
    assert [step.text for step in entry.steps] == ["received", "told followers", "2 not told"]


def test_text_that_nobody_asked_for_is_sent_not_answered(redis):
    sent(redis, "SM1", "Your code")
    assert only_state(redis) == "sent"


def test_outbound_call_says_that_we_called(post_as_twilio, settings, redis):
    from sending import outbox
    from sending.outbox import OutboundMessage

    outbox.plan(redis, OutboundMessage("call:1", ME, "You have won.", ""))
    gateway = TwilioGateway(settings, redis)
    message = outbox.load(redis, "call:1")
    outbox.start_sending(redis, message)
    gateway._mark_called(message, "sending", "CA" + "1" * 32)
    assert entries(redis)[0].request == "we called"
    assert (only_state(redis), entries(redis)[0].who) == ("calling", "+44 ••• 201")
    call = {"CallSid": "CA" + "1" * 32, "From": "+447700900100", "To": ME, "CallStatus": "in-progress"}
    post_as_twilio("/voice/outbound?message=call:1", call)
    assert only_state(redis) == "on the line"
    post_as_twilio("/voice/outbound/status?message=call:1", call | {"CallStatus": "completed"})
    assert only_state(redis) == "ended"


def test_unanswered_outbound_call_is_not_calling_forever(post_as_twilio, redis):
    from sending import outbox
    from sending.outbox import OutboundMessage

    outbox.plan(redis, OutboundMessage("call:1", ME, "You have won.", ""))
    events.publish(redis, "call.placed", "CA" + "1" * 32, who="+44 ••• 201")
    call = {"CallSid": "CA" + "1" * 32, "From": "+447700900100", "To": ME, "CallStatus": "no-answer"}
    post_as_twilio("/voice/outbound/status?message=call:1", call)
    (entry,) = entries(redis)
    assert (entry.state_label, entry.steps[-1].text) == ("ended", "no answer")


def test_each_state_has_a_glyph(visitor):
    page = visitor.get("/").text
    assert [state for state in STATE_LABELS if f'id="glyph-{state}"' not in page] == []


def test_outcome_survives_the_pickling_of_a_job():
    import pickle

    assert pickle.loads(pickle.dumps(AnswerText("It is down.", FAILED))).outcome == FAILED
