"""A talk with `moderation = "open"`: what people write appears at once, cleaned."""

from dataclasses import replace

import pytest

from show import moderation
from show.base_scene import SceneView
from show.contribution_limits import REFUSALS
from show.scenes import questions as questions_scene

TALK = """
moderation = "open"
[[scene]]
kind = "words"
question = "In one word?"
[[scene]]
kind = "wall"
[[scene]]
kind = "questions"
"""


@pytest.fixture
def settings(settings, tmp_path):
    path = tmp_path / "open.toml"
    path.write_text(TALK)
    return replace(settings, talk=str(path))


def test_word_appears_at_once(go, person, redis, draw_stage):
    words = go("words")
    person.texts("calm")
    assert words.stage_values(SceneView(redis))["ranking"] == [("calm", 1)]
    assert ">calm<" in draw_stage()
    assert not moderation.list_pending(redis, ["words"])


def test_text_is_on_the_wall_at_once_and_can_still_be_hidden(go, person, redis, draw_stage):
    wall = go("wall")
    assert person.texts("Hello from Leeds, call 07700 900123") == "Thank you. It will be on the wall in a moment."
    assert "Hello from Leeds, call •••" in draw_stage()
    [item] = moderation.load_items(redis, "wall", moderation.APPROVED)
    wall.perform(redis, "ban", item.id)
    assert "Leeds" not in draw_stage()
    person.texts("me again")
    assert "again" not in draw_stage()


def test_questions_are_numbered_in_the_order_in_which_they_arrive(go, people, redis):
    questions = go("questions")
    for person, words in zip(people(3), ("Why?", "How?", "2"), strict=True):
        person.texts(words)
    ranked = questions.stage_values(SceneView(redis))["questions"]
    assert [(question.number, question.item.words, question.votes) for question in ranked] == [
        (2, "How?", 1),
        (1, "Why?", 0),
    ]


def test_question_without_a_number_that_people_can_text_is_refused(go, people, redis, monkeypatch):
    monkeypatch.setattr(questions_scene, "MAX_NUMBERED", 2)
    questions = go("questions")
    replies = [person.texts(words) for person, words in zip(people(4), ("Why?", "How?", "Who?", "2"), strict=True)]
    assert replies[2] == REFUSALS["full"]
    assert len(questions.rank(redis)) == 2
    assert "You voted for question 2" in replies[3]
