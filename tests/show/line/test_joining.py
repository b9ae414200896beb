"""Callers join the line and wait."""

from xml.etree import ElementTree

import pytest

from show import contributions, show_state
from show.base_scene import CLOSED
from tests.show.line.callers import hangs_up, joins, names


def test_caller_joins_with_a_key_and_hears_their_name(line, ada, redis):
    assert "Press 1 to talk with the presenter" in ada.dials().heard
    assert "What would you like to talk about?" in ada.presses("1").heard
    ada.says("webhooks")
    (name,) = names(line, redis)
    assert f"You are in line as {name}." in ada.heard
    assert ada.verbs == ["Say", "Enqueue"]


def test_silent_caller_joins_too(line, ada, redis):
    ada.dials().presses("1").waits()
    assert len(names(line, redis)) == 1


def test_waiting_caller_hears_their_position(line, post_as_twilio, ada):
    fields = {"CallSid": ada.call_sid, "From": ada.number, "QueuePosition": "2", "QueueTime": "7"}
    document = ElementTree.fromstring(post_as_twilio("/voice/line/wait?scene=line", fields).text)
    assert [verb.tag for verb in document] == ["Say", "Play", "Play"]
    assert document[0].text == "You are number 2 in line."


@pytest.mark.parametrize("position", ["", "x", "9" * 50, "-1"])
def test_nonsense_position_is_no_error(line, post_as_twilio, ada, position):
    fields = {"CallSid": ada.call_sid, "From": ada.number, "QueuePosition": position}
    assert post_as_twilio("/voice/line/wait?scene=line", fields).status_code == 200


def test_copy_of_a_webhook_joins_once(line, ada, bob, redis):
    target = ada.dials().presses("1").next
    first = ada.says("webhooks").answer.text
    ada._listens(target, {"SpeechResult": "webhooks", "Confidence": "0.9"})
    assert ada.answer.text == first
    assert len(names(line, redis)) == 1


def test_caller_who_has_hung_up_does_not_join(line, ada, redis, post_as_twilio):
    ada.dials().presses("1")
    hangs_up(post_as_twilio, ada)
    ada.says("webhooks")
    assert names(line, redis) == []


def test_caller_who_hangs_up_while_joining_does_not_stay_in_line(line, ada, redis, post_as_twilio, monkeypatch):
    contribute = contributions.contribute

    def hang_up_and_contribute(*args):
        hangs_up(post_as_twilio, ada)
        return contribute(*args)

    ada.dials().presses("1")
    monkeypatch.setattr(contributions, "contribute", hang_up_and_contribute)
    ada.says("webhooks")
    assert names(line, redis) == []


def test_closed_line_takes_nobody(line, ada, redis):
    ada.dials().presses("1")
    show_state.set_phase(redis, line, CLOSED)
    ada.says("webhooks")
    assert "closed" in ada.heard
    assert names(line, redis) == []


def test_full_queue_is_explained(line, ada, redis, post_as_twilio):
    joins(ada)
    ada._listens(ada.next, {"QueueResult": "queue-full"})
    assert "cannot take your call" in ada.heard
    assert names(line, redis) == []


def test_paused_talk_takes_nobody_into_the_line(line, ada, redis):
    ada.dials().presses("1")
    redis.hset(show_state.STATE_KEY, "paused", 1)
    assert "short break" in ada.says("webhooks").heard
    assert names(line, redis) == []
