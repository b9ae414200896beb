"""The scene `xray`: one webhook in detail, without numbers, secrets and free text."""

import re

import pytest

from show.graphics.sequence_diagram import MAX_ROWS
from tests.support.person import Person

SECRET = "ban the bananas"


@pytest.fixture
def scene(go):
    return go("xray")


@pytest.fixture
def pictures(look, scene, redis):
    """The three pictures, one after the other."""

    def step():
        for _ in range(3):
            yield look()
            scene.perform(redis, "step", "")

    return step


def sequence(html):
    return re.findall(r"<li>([^<]*)</li>", html[html.index("sequence-list") :])


def test_without_a_webhook_the_scene_asks_for_one(look):
    assert "Text <b>count</b>" in look()


def test_diagram_shows_what_has_happened_and_grows(look, person, stage_events):
    person.texts("count")
    before = sequence(look())
    assert before[:3] == [
        "Phone → Twilio: “count”",
        "Twilio → This app: POST /sms · signed",
        "This app: ✓ signature matches · first delivery",
    ]
    assert re.fullmatch(r"This app → Twilio: 200 · TwiML · \d+ ms of 15 s", before[3])
    sid = "SM" + "0" * 31 + "1"
    stage_events.publish("answer.started", sid, answer_id="a", attempt=1)
    stage_events.publish("answer.ready", sid, answer_id="a", answer="Two people.", seconds=1)
    stage_events.publish("text.sent", sid, answer="Two people.", segments=1)
    stage_events.publish("text.delivered", sid, status="delivered")
    grown = sequence(look())
    assert [line.partition(":")[0] for line in grown[-5:]] == [
        "This app → Worker",
        "Worker → This app",
        "This app → Twilio",
        "Twilio → Phone",
        "Twilio → This app",
    ]
    assert len(grown) <= MAX_ROWS


def test_signed_string_has_blocks_for_numbers_and_words(pictures, person):
    person.texts(SECRET, FromCity="LEEDS")
    _, signed, response = pictures()
    assert "https://talk.example/sms" in signed
    assert "HMAC-SHA1" in signed
    assert len(re.search("<code>(.*?)</code>", signed)[1]) == len("12345678…")
    assert re.search(r'<li>Body<svg class="block"', signed)
    assert re.search(r'<li>From<svg class="block"', signed)
    assert "&lt;Response&gt;" in response and "Twilio waits" in response


@pytest.mark.parametrize("body", [SECRET, "check bananas.example", "time bananas"])
def test_no_picture_shows_words_numbers_or_secrets(pictures, person, settings, body):
    person.texts(body, FromCity="Bananaville", ProfileName="Anna Banana", banana="1", **{"a banana": "x"})
    for html in pictures():
        assert "banana" not in html.lower()
        assert person.number[3:] not in html
        assert str(settings.twilio_auth_token[0]) not in html
        assert settings.twilio_account_sid not in html


def test_presenter_selects_a_webhook(look, scene, person, post_as_twilio, redis):
    person.texts("time")
    Person(post_as_twilio, "+447700900333").texts("flip", sid="SM" + "3" * 32)
    assert "“flip”" in look()
    scene.perform(redis, "pin", "SM" + "0" * 31 + "1")
    assert "“time”" in look()
    scene.perform(redis, "pin", "")
    assert "“flip”" in look()


def test_copies_are_counted(look, pictures, person):
    for _ in range(3):
        person.texts("time", sid="SM" + "7" * 32)
    diagram, _, response = pictures()
    assert "3 deliveries, one effect" in diagram
    assert "Delivered 3 times, handled once." in response


def test_call_is_taken_apart_too(look, person):
    person.dials().presses("1")
    lines = sequence(look())
    assert lines[0] == "Phone → Twilio: a call"
    assert "Phone → Twilio: pressed 1" in lines


def test_request_that_has_left_the_inbox_is_said_to_be_gone(look, scene, person, redis):
    person.texts("time", sid="SM" + "5" * 32)
    redis.delete("inbox")
    scene.perform(redis, "step", "")
    assert "no longer in the inbox" in look()
