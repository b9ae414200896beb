"""The circuit breaker trips on a loop, and never because many people ask."""

import pytest

import events
from sending import text_circuit_breaker

ADA, BOB = "+447700900201", "+447700900202"


def asks(redis, number, times=1):
    for _ in range(times):
        text_circuit_breaker.record_request(redis, number)


def test_seven_hundred_people_do_not_trip_it(redis):
    for person in range(700):
        asks(redis, f"+4477009{person:05}")
    for person in range(700):
        text_circuit_breaker.count_text(redis, f"+4477009{person:05}")
    assert text_circuit_breaker.stop_reason(redis) == ""


def test_sixth_text_for_one_question_stops_all_sending_with_a_reason(redis):
    asks(redis, ADA)
    for _ in range(text_circuit_breaker.MAX_TEXTS_PER_REQUEST):
        text_circuit_breaker.count_text(redis, ADA)
    with pytest.raises(text_circuit_breaker.SendingStopped):
        text_circuit_breaker.count_text(redis, ADA)
    reason = text_circuit_breaker.stop_reason(redis)
    assert reason == "the circuit breaker prevented text 6 to one person who had asked once"
    event = events.read_latest(redis, 1)[0]
    assert (event.type, event.data["reason"]) == ("sending.stopped", reason)
    assert "7700" not in reason


def test_person_who_asks_often_does_not_trip_it(redis):
    for _ in range(30):
        asks(redis, ADA)
        text_circuit_breaker.count_text(redis, ADA)
    assert text_circuit_breaker.stop_reason(redis) == ""


def test_questions_of_others_do_not_count(redis):
    asks(redis, BOB, 100)
    with pytest.raises(text_circuit_breaker.SendingStopped):
        for _ in range(6):
            text_circuit_breaker.count_text(redis, ADA)


def test_count_starts_again_after_resume(redis):
    for _ in range(5):
        text_circuit_breaker.count_text(redis, ADA)
    with pytest.raises(text_circuit_breaker.SendingStopped):
        text_circuit_breaker.count_text(redis, ADA)
    text_circuit_breaker.resume(redis)
    text_circuit_breaker.count_text(redis, ADA)
    assert text_circuit_breaker.stop_reason(redis) == ""
