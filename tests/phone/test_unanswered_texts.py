"""A person has three questions open at most, and is told so at once; nobody else notices."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sending import outbox, unanswered_texts
from tests.support.person import ME, Person
from workers import answer_delivery, pending_answers

REFUSAL = "I am still working on your first three questions."


@pytest.fixture
def somebody_else(post_as_twilio):
    return Person(post_as_twilio, "+447700900202")


def test_fourth_question_is_refused_at_once(person, redis):
    for _ in range(3):
        assert "I will text you the answer" in person.texts("count")
    for _ in range(5):
        assert person.texts("count").startswith(REFUSAL)
    assert redis.zcard(pending_answers.OPEN_KEY) == 3


def test_fast_commands_are_answered_nevertheless(person):
    for _ in range(4):
        person.texts("count")
    assert person.texts("time").startswith("It is ")
    assert "Which web address?" in person.texts("check")


def test_other_people_are_not_affected(person, somebody_else):
    for _ in range(4):
        person.texts("count")
    assert "I will text you the answer" in somebody_else.texts("count", sid="SM" + "9" * 32)


def test_command_without_its_argument_does_not_count(person, redis):
    for _ in range(5):
        assert "Which web address?" in person.texts("check")
    assert not redis.exists(f"open-questions:{ME}")


def test_fifty_concurrent_texts_open_three_questions(person, post_as_twilio, redis):
    bodies = [{"MessageSid": f"SM{number:032}", "From": ME, "Body": "count", "NumMedia": "0"} for number in range(50)]
    with ThreadPoolExecutor(25) as pool:
        texts = [answer.text for answer in pool.map(lambda body: post_as_twilio("/sms", body), bodies)]
    assert sum("I will text you" in text for text in texts) == redis.zcard(pending_answers.OPEN_KEY) <= 3
    assert sum(REFUSAL in text for text in texts) >= 47


def test_duplicate_gets_the_same_reply(person, redis):
    for number in range(4):
        person.texts("count", sid=f"SM{number:032}")
    for number in range(3):
        assert "I will text you the answer" in person.texts("count", sid=f"SM{number:032}")
    assert person.texts("count", sid=f"SM{3:032}").startswith(REFUSAL)


def test_copy_of_an_answered_question_does_not_count(person, redis):
    person.texts("count", sid="SM" + "1" * 32)
    for number in range(3):
        assert "I will text you the answer" in person.texts("count", sid="SM" + "1" * 32)
        assert redis.zcard(f"open-questions:{ME}") == (not number)
        redis.delete(f"open-questions:{ME}")  # it has been answered


def test_question_is_open_until_its_answer_is_sent(person, redis, settings, monkeypatch):
    class Busy:
        """A sender that is never free."""

        def release(self, *_):
            return []

    monkeypatch.setattr(answer_delivery, "get_gateway", Busy)
    for _ in range(3):
        person.texts("count")
    for id in pending_answers.list_overdue(redis, time.time() + 999):
        answer_delivery.finish(redis, id, "answered", "Seven.")
    assert redis.zcard(pending_answers.OPEN_KEY) == 0
    assert person.texts("count").startswith(REFUSAL)
    first = outbox.load(redis, redis.zrange(outbox.WAITING_KEY, 0, 0)[0].decode())
    outbox.settle(redis, first, "planned", "sent")
    assert "I will text you the answer" in person.texts("count")
    assert person.texts("count").startswith(REFUSAL)


def test_question_of_a_killed_process_expires(person, redis, monkeypatch):
    monkeypatch.setattr(unanswered_texts, "COMPUTING_SECONDS", -1)
    for _ in range(5):
        assert "I will text you the answer" in person.texts("count")
