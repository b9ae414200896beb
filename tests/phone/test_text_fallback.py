"""The fallback of a text: whoever was answered gets no apology, and whoever was not is answered."""

import threading

import pytest

from phone import fallbacks, sms
from tests.support.person import ME
from workers import pending_answers

SID = "SM" + "3" * 32


@pytest.fixture
def falls_back(post_as_twilio):
    """Twilio got no valid response from /sms, and asks the fallback."""

    def post(body="count", **changes):
        fields = {"MessageSid": SID, "From": ME, "Body": body, "ErrorCode": "11200"}
        return post_as_twilio("/sms/fallback", fields, **changes)

    return post


def test_processed_text_gets_the_same_reply_and_one_answer(person, falls_back, redis):
    reply = person.texts("count", sid=SID)
    assert reply in falls_back().text
    assert redis.zcard(pending_answers.OPEN_KEY) == 1


def test_text_that_was_not_processed_is_processed_once(person, falls_back, redis):
    assert "I will text you the answer" in falls_back().text
    assert "I will text you the answer" in person.texts("count", sid=SID)
    assert redis.zcard(pending_answers.OPEN_KEY) == 1


@pytest.fixture
def full_store(redis):
    """The store accepts no webhooks for two seconds."""
    redis.config_set("maxmemory", redis.info("memory")["used_memory"] + 1)
    timer = threading.Timer(2, redis.config_set, ("maxmemory", 0))
    timer.start()
    yield
    timer.join()


def test_text_is_answered_once_the_store_has_recovered(falls_back, full_store):
    assert "I will text you the answer" in falls_back().text


def test_words_while_everything_fails_are_true_if_an_answer_follows(falls_back, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(sms, "find_by_words", fail)
    answer = falls_back()
    assert answer.status_code == 200
    assert fallbacks.TROUBLE in answer.text
    assert "Sorry" not in answer.text


def test_forged_request_and_invalid_sid_are_rejected(falls_back, post_as_twilio):
    assert falls_back(signature="made-up").status_code == 403
    assert post_as_twilio("/sms/fallback", {"MessageSid": "x", "From": ME, "Body": "count"}).status_code == 403
