"""What Twilio reports of a text: one that it dropped because of a limit is sent again."""

import time

import pytest

import events
from sending import outbox, outdated_answers, pacing, rate_limits_per_person
from sending.outbox import OutboundMessage
from tests.support.person import ME

SID = "SM" + "5" * 32


@pytest.fixture
def sent(redis):
    outbox.plan(redis, OutboundMessage("answer:1", ME, "It is done.", "SM1"))
    message = outbox.load(redis, "answer:1")
    outbox.settle(redis, message, "planned", "sent", sid=SID)
    return message


@pytest.fixture
def reports(post_as_twilio, sent):
    def report(status, code="", sid=SID):
        fields = {"MessageSid": sid, "MessageStatus": status, "ErrorCode": code, "To": ME}
        assert post_as_twilio("/sms/status?message=answer:1", fields).status_code == 204

    return report


@pytest.mark.parametrize("code", ["30001", "30022", "63018", "63038", "14107"])
def test_text_dropped_because_of_a_limit_is_sent_again_later(redis, reports, code):
    reports("failed", code)
    reports("failed", code)
    assert outbox.load(redis, "answer:1").state == "planned"
    assert redis.zscore(outbox.DUE_KEY, "answer:1") > time.time() + 20
    assert outbox.load(redis, "answer:1").is_counted


def test_limit_pauses_all_texts_unless_it_concerns_two_numbers(redis, reports):
    reports("failed", "14107")
    assert not redis.exists(pacing.FREE_AT_KEY)
    redis.hset("outbox:answer:1", "state", "sent")
    reports("failed", "30001")
    assert float(redis.get(pacing.FREE_AT_KEY)) > time.time() + 20


@pytest.mark.parametrize("code", ["30003", "", "no number", "9" * 5000])
def test_other_failures_are_final(redis, reports, code):
    reports("undelivered", code)
    assert outbox.load(redis, "answer:1").state == "sent"
    assert events.read_latest(redis, 1)[0].data["status"] == "undelivered"


def test_status_of_another_text_changes_nothing(redis, reports):
    reports("failed", "30001", sid="SM" + "6" * 32)
    assert outbox.load(redis, "answer:1").state == "sent"


def test_late_report_about_a_dropped_text_does_not_settle_its_next_try(redis, reports):
    reports("failed", "30001")
    outbox.start_sending(redis, outbox.load(redis, "answer:1"))
    reports("sent")
    assert outbox.load(redis, "answer:1").state == "sending"


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_report_that_precedes_the_response_of_the_rest_api_publishes_the_answer(redis, post_as_twilio, state):
    outbox.plan(redis, OutboundMessage("answer:2", ME, "It is done.", "SM2"))
    redis.hset("outbox:answer:2", "state", state)
    fields = {"MessageSid": SID, "MessageStatus": "sent", "To": ME}
    assert post_as_twilio("/sms/status?message=answer:2", fields).status_code == 204
    sent, delivered = events.read_latest(redis, 2)
    assert (sent.type, sent.subject, sent.data["answer"]) == ("text.sent", "SM2", "It is done.")
    assert (delivered.type, delivered.data["status"]) == ("text.delivered", "sent")


def test_retries_end_after_four_hours(redis, sent, reports):
    redis.hset("outbox:answer:1", mapping={"planned_at": time.time() - outdated_answers.MAX_WAIT_SECONDS - 1})
    redis.set(f"told-outdated:{ME}", 1, ex=60)
    reports("failed", "30001")
    with pytest.raises(rate_limits_per_person.MustNotSend):
        rate_limits_per_person.admit(redis, outbox.load(redis, "answer:1"), "alias")


@pytest.mark.parametrize(("status", "code"), [("delivered", ""), ("read", ""), ("undelivered", "30003")])
def test_after_its_final_status_a_text_is_stored_without_number_and_words(redis, reports, status, code):
    reports(status, code)
    assert set(redis.hkeys("outbox:answer:1")) == {b"state", b"sid", b"subject", b"reason", b"planned_at"}
    assert redis.memory_usage("outbox:answer:1") < 200
    assert redis.ttl("outbox:answer:1") > 6 * 86_400


def test_status_after_the_final_one_still_belongs_to_the_conversation(redis, reports):
    reports("delivered")
    reports("read")
    assert [(event.subject, event.data["status"]) for event in events.read_latest(redis, 2)] == [
        ("SM1", "delivered"),
        ("SM1", "read"),
    ]


def test_text_that_was_delivered_is_not_sent_again_by_a_late_report(redis, reports):
    reports("delivered")
    reports("failed", "30001")
    assert outbox.load(redis, "answer:1").state == "sent"
    assert not redis.zcard(outbox.DUE_KEY)


def test_planning_a_forgotten_text_again_sends_nothing(redis, reports):
    reports("delivered")
    outbox.plan(redis, OutboundMessage("answer:1", ME, "It is done.", "SM1"))
    assert outbox.load(redis, "answer:1").is_settled
