"""The scene `wall`: free text that waits for the presenter's decision."""

import pytest

from show import moderation
from show.base_scene import CLOSED, SceneError, SceneView
from show.contribution_limits import MAX_ITEMS_PER_PERSON
from show.scenes.wall import count_waiting
from show.show_state import set_phase
from tests.support.person import Person

THANKS = "Thank you. It will be on the wall once the presenter has approved it."


@pytest.fixture
def wall(go):
    return go("wall")


def waiting(redis):
    return moderation.list_pending(redis, ["wall"])


def shown(wall, redis):
    return [item.words for item in wall.stage_values(SceneView(redis, "open"))["items"]]


def test_text_appears_only_once_it_is_approved(wall, person, redis):
    assert person.texts("Hello from Leeds") == THANKS
    assert shown(wall, redis) == []
    wall.perform(redis, "approve", waiting(redis)[0].id)
    assert shown(wall, redis) == ["Hello from Leeds"]
    assert waiting(redis) == []


def test_item_is_attributed_to_a_friendly_name(wall, person, redis):
    person.texts("hi there")
    [item] = waiting(redis)
    assert len(item.name.split()) == 2
    assert person.number not in str(item)


def test_hidden_text_is_not_on_stage_and_can_still_be_approved(wall, person, redis):
    person.texts("something rude")
    id = waiting(redis)[0].id
    wall.perform(redis, "hide", id)
    assert not waiting(redis) and not shown(wall, redis)
    wall.perform(redis, "approve", id)
    wall.perform(redis, "hide", id)
    assert not shown(wall, redis)
    wall.perform(redis, "approve", id)
    assert shown(wall, redis) == ["something rude"]


def test_later_items_of_a_banned_person_are_hidden_without_notice(wall, person, post_as_twilio, redis):
    other = Person(post_as_twilio, "+447700900202")
    person.texts("one")
    person.texts("two")
    other.texts("good morning", sid="SM" + "9" * 32)
    wall.perform(redis, "ban", waiting(redis)[0].id)
    assert [item.words for item in waiting(redis)] == ["good morning"]
    assert person.texts("three") == THANKS
    assert [item.words for item in waiting(redis)] == ["good morning"]
    assert not shown(wall, redis)


def test_copy_of_a_text_is_one_item(wall, person, redis):
    for _ in range(3):
        person.texts("Hello from Leeds", sid="SM" + "7" * 32)
    assert len(waiting(redis)) == 1


def test_oldest_item_is_decided_first(wall, person, redis):
    for words in ("one", "two", "three"):
        person.texts(words)
    assert [item.words for item in waiting(redis)] == ["one", "two", "three"]


def test_nobody_can_fill_the_wall_alone(wall, person, redis):
    for number in range(MAX_ITEMS_PER_PERSON):
        assert person.texts(f"hello {number}") == THANKS
    assert "that is the limit" in person.texts("hello again")
    assert len(waiting(redis)) == MAX_ITEMS_PER_PERSON


def test_full_list_is_refused_with_a_reason(wall, person, redis, monkeypatch):
    monkeypatch.setattr(moderation, "MAX_PENDING", 1)
    person.texts("one")
    assert "too many messages waiting" in person.texts("two")
    assert len(waiting(redis)) == 1


@pytest.mark.parametrize("words", ["time", "Time!", "help", "check example.com", "follow github pushes"])
def test_commands_still_work(wall, person, redis, words):
    assert person.texts(words) != THANKS
    assert not waiting(redis)


@pytest.mark.parametrize(
    "words", ["hello", "Hi!", "time flies", "check mate", "How do webhooks work?", "Is this recorded?"]
)
def test_free_text_that_resembles_a_command_is_for_the_wall(wall, person, redis, words):
    assert person.texts(words) == THANKS
    assert [item.words for item in waiting(redis)] == [words]
    assert not redis.keys("open-questions:*")


def test_caller_says_something_for_the_wall(wall, person, redis):
    assert "Say something for the wall, or press 1 to record a message." in person.dials().heard
    assert "Thank you." in person.says("Greetings from the back row").heard
    assert [item.words for item in waiting(redis)] == ["Greetings from the back row"]


def test_closed_wall_says_so(wall, person, redis):
    set_phase(redis, wall, CLOSED)
    assert "closed" in person.texts("Hello from Leeds")
    assert not waiting(redis)


def test_words_that_name_an_option_of_the_poll_that_has_just_closed_are_for_the_wall(go, person, redis):
    set_phase(redis, go("tabs"), CLOSED)
    go("wall")
    assert person.texts("Spaces are the final frontier") == THANKS


def test_closed_wall_records_no_message(wall, person, redis):
    person.dials()
    set_phase(redis, wall, CLOSED)
    assert "closed" in person.presses("1").heard
    assert "Record" not in person.verbs


def test_wall_that_the_talk_has_left_records_no_message(wall, person, go):
    person.dials()
    go("tabs")
    go("xray")
    assert "closed" in person.presses("1").heard
    assert "Record" not in person.verbs


def test_unknown_item_is_explained(wall, redis):
    with pytest.raises(SceneError, match="no longer there"):
        wall.perform(redis, "approve", "x")


@pytest.mark.parametrize(
    ("times", "now", "waits"),
    [
        ([], 0, 0),
        ([10], 10, 0),
        ([11, 10], 11, 1),
        ([11, 10], 12.5, 0),
        ([12, 11, 10], 12.5, 0),  # 11 is skipped
        ([20, 10], 20, 0),
        ([13, 12, 11, 10], 14.9, 1),
        ([13, 12, 11, 10], 15, 0),
    ],
)
def test_large_item_stays_at_least_two_and_a_half_seconds(times, now, waits):
    assert count_waiting(times, now) == waits
