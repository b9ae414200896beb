"""The scene `poll`: votes by text, key and speech."""

import re
import time

import pytest

from show import show_state
from show.base_scene import CLOSED, SceneView
from tests.support.person import Person


@pytest.fixture
def poll(go):
    return go("tabs")


def votes(poll, redis):
    return poll.figures(SceneView(redis))["votes"]


@pytest.mark.parametrize("words", ["tabs", "Tabs!", "  TABS ", "1", "I prefer tabs", "“tabs”"])
def test_vote_by_text(poll, person, redis, words):
    assert person.texts(words) == "You voted for tabs. You can change your vote until the poll closes."
    assert votes(poll, redis) == {"tabs": 1, "spaces": 0, "both": 0}


def test_vote_by_key(poll, person, redis):
    assert "Press 1 for tabs, 2 for spaces, 3 for both." in person.dials().heard
    assert "You voted for spaces." in person.presses("2").heard
    assert votes(poll, redis) == {"tabs": 0, "spaces": 1, "both": 0}


@pytest.mark.parametrize("words", ["spaces", "Spaces, please.", "two"])
def test_vote_by_speech(poll, person, redis, words):
    assert "You voted for spaces." in person.dials().says(words).heard
    assert votes(poll, redis)["spaces"] == 1


def test_last_vote_of_a_phone_counts_by_whatever_channel(poll, person, redis):
    person.texts("tabs")
    person.dials().presses("2")
    assert votes(poll, redis) == {"tabs": 0, "spaces": 1, "both": 0}


def test_copy_of_a_vote_changes_nothing(poll, person, redis):
    first = person.texts("tabs", sid="SM" + "7" * 32)
    person.texts("spaces")
    assert person.texts("tabs", sid="SM" + "7" * 32) == first
    assert votes(poll, redis)["spaces"] == 1


def test_callers_without_a_number_are_counted_once_per_call(poll, post_as_twilio, redis):
    for call in ("1", "2"):
        caller = Person(post_as_twilio, "+266696687")
        caller.number, caller.call_sid = "anonymous", "CA" + call * 32
        caller.dials().presses("1").presses("2")
    assert votes(poll, redis) == {"tabs": 0, "spaces": 2, "both": 0}


def test_commands_still_work_during_a_poll(poll, person, redis):
    assert "It is " in person.texts("time")
    assert sum(votes(poll, redis).values()) == 0


def test_command_that_names_an_option_is_no_vote(poll, person, redis):
    assert "I am checking spaces.example" in person.texts("check spaces.example")
    assert "I am checking spaces.example" in person.dials().says("check spaces.example").heard
    assert sum(votes(poll, redis).values()) == 0


def test_star_leads_to_everything_else(poll, person):
    assert "Press 1, or say time" in person.dials().presses("*").heard


def test_closed_poll_counts_nothing_and_says_so(poll, person, redis):
    show_state.set_phase(redis, poll, CLOSED)
    assert person.texts("tabs") == "That has closed, so it was not counted."
    assert sum(votes(poll, redis).values()) == 0


def test_wrong_key_after_a_scene_change_leads_to_the_choices_of_the_current_scene(poll, go, person):
    person.dials()
    go("score")
    heard = person.presses("9").heard
    assert "Press a number from 0 to 10" in heard and "for tabs" not in heard


def test_wrong_key_after_the_poll_has_closed_does_not_offer_its_options(poll, person, redis):
    person.dials()
    show_state.set_phase(redis, poll, CLOSED)
    assert "for tabs" not in person.presses("9").heard


def test_late_vote_counts_for_the_scene_that_has_just_ended(poll, go, person, redis):
    go("number")
    person.texts("tabs")
    assert votes(poll, redis)["tabs"] == 1


def test_late_vote_for_a_closed_poll_is_told_so(poll, go, person, redis):
    show_state.set_phase(redis, poll, CLOSED)
    go("number")
    assert person.texts("tabs") == "That has closed, so it was not counted."


def test_vote_long_after_the_scene_is_no_vote(poll, go, person, redis):
    go("number")
    redis.hset(show_state.STATE_KEY, "changed_at", time.time() - show_state.LATE_SECONDS - 1)
    assert "I do not know that command" in person.texts("tabs")
    assert votes(poll, redis)["tabs"] == 0


def test_key_pressed_long_after_the_scene_counts_nowhere(poll, go, person, redis):
    person.dials()
    go("number")
    redis.hset(show_state.STATE_KEY, "changed_at", time.time() - show_state.LATE_SECONDS - 1)
    assert "That has closed" in person.presses("1").heard
    assert votes(poll, redis)["tabs"] == 0


def test_hidden_result_is_not_in_the_values_of_the_stage(poll, person, redis):
    person.texts("tabs")
    assert [bar["votes"] for bar in poll.stage_values(SceneView(redis, "open"))["bars"]] == [None] * 3
    assert [bar["votes"] for bar in poll.stage_values(SceneView(redis, "revealed"))["bars"]] == [1, 0, 0]


def test_leader_is_ahead_while_the_poll_is_open_and_has_won_afterwards(poll, person, redis, draw_stage, monkeypatch):
    monkeypatch.setattr(type(poll), "is_public", lambda *_: True)
    person.texts("tabs")
    assert re.findall(r"</svg> (\w+)</span>", draw_stage()) == ["ahead"]
    show_state.set_phase(redis, poll, CLOSED)
    assert re.findall(r"</svg> (\w+)</span>", draw_stage()) == ["won"]
