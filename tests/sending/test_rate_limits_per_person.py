"""What may be sent now: one person's excess affects that person, and a late answer is not sent as if it were new."""

from dataclasses import replace

import pytest

from sending import outbox, outdated_answers, rate_limits_per_person, text_circuit_breaker
from sending.outbox import OutboundMessage

NOW = 1_800_000_000.0
ADA, BOB = "+447700900201", "+447700900202"


def message(id="answer:1", to=ADA, waited=0.0, **more):
    return OutboundMessage(id, to, "It is done.", "SM1", planned_at=NOW - waited, **more)


def admit(redis, asked):
    return rate_limits_per_person.admit(redis, asked, f"alias of {asked.to}", NOW)


def exhausts(redis, number=ADA):
    for _ in range(rate_limits_per_person.MAX_PER_MINUTE):
        rate_limits_per_person.consume(redis, f"alias of {number}", NOW)


def test_answer_over_the_limit_of_a_person_waits_for_the_next_minute(redis):
    exhausts(redis)
    with pytest.raises(rate_limits_per_person.MustWait, match="one person in a minute") as wait:
        admit(redis, message())
    assert wait.value.until == 60 * (NOW // 60 + 1)


def test_notification_over_the_limit_is_dropped(redis):
    exhausts(redis)
    with pytest.raises(rate_limits_per_person.MustNotSend, match="one person in a minute"):
        admit(redis, message("notify-text:1"))


def test_excess_of_one_person_affects_nobody_else(redis):
    exhausts(redis)
    for number in range(620):
        with pytest.raises((rate_limits_per_person.MustWait, rate_limits_per_person.MustNotSend)):
            admit(redis, message(f"answer:{number}"))
    assert admit(redis, message("answer:bob", BOB)).body == "It is done."
    assert text_circuit_breaker.stop_reason(redis) == ""


def test_message_that_is_not_sent_is_not_counted(redis):
    exhausts(redis)
    for _ in range(rate_limits_per_person.MAX_PER_DAY):
        with pytest.raises(rate_limits_per_person.MustWait):
            admit(redis, message())
    rate_limits_per_person.consume(redis, f"alias of {ADA}", NOW + 60)


def test_retry_is_not_counted_again(redis):
    exhausts(redis)
    assert admit(redis, message(is_counted=1))
    assert admit(redis, message(tries=1))


def test_answers_that_waited_four_hours_become_one_short_text(redis):
    for id in ("answer:1", "answer:2"):
        outbox.plan(redis, message(id), NOW - outdated_answers.MAX_WAIT_SECONDS - 1)
    first = outbox.load(redis, "answer:1")
    assert admit(redis, first).body == outdated_answers.OUTDATED
    assert outbox.load(redis, "answer:1").body == outdated_answers.OUTDATED
    assert (
        admit(redis, replace(first, body=outdated_answers.OUTDATED)).body == outdated_answers.OUTDATED
    )  # Twilio refused it once
    with pytest.raises(rate_limits_per_person.MustNotSend, match="longer than 4 hours"):
        admit(redis, outbox.load(redis, "answer:2"))


def test_answer_that_waited_less_is_sent(redis):
    assert admit(redis, message(waited=outdated_answers.MAX_WAIT_SECONDS - 1)).body == "It is done."


def test_nothing_is_outdated_while_sending_is_stopped(redis):
    text_circuit_breaker.stop(redis, "the presenter stopped it")
    with pytest.raises(rate_limits_per_person.MustWait, match="the presenter stopped it"):
        admit(redis, message(waited=outdated_answers.MAX_WAIT_SECONDS + 1))
    assert not redis.keys("told-outdated:*")


def test_loop_is_stopped_and_its_messages_are_kept(redis):
    text_circuit_breaker.record_request(redis, ADA)
    for number in range(5):
        admit(redis, message(f"answer:{number}"))
    with pytest.raises(rate_limits_per_person.MustWait, match="circuit breaker"):
        admit(redis, message("answer:6"))
    with pytest.raises(rate_limits_per_person.MustWait, match="all sending has been stopped: the circuit breaker"):
        admit(redis, message("answer:7", BOB))


def test_apology_is_sent_although_the_process_that_was_to_send_it_has_died(redis, monkeypatch):
    old = message(waited=outdated_answers.MAX_WAIT_SECONDS + 1)
    outbox.plan(redis, old, old.planned_at)

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(outbox, "replace_body", die)
    with pytest.raises(KeyboardInterrupt):
        admit(redis, old)
    monkeypatch.undo()
    assert admit(redis, old).body == outdated_answers.OUTDATED


def test_outdated_text_is_one_segment():
    from sending.segments import count_segments

    assert count_segments(outdated_answers.OUTDATED) == 1
    assert outdated_answers.MAX_WAIT_SECONDS < outbox.MESSAGE_TTL_SECONDS
    assert outdated_answers.MAX_WAIT_SECONDS < text_circuit_breaker.WINDOW_SECONDS
