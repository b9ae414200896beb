"""The scene `questions`: questions, votes, ranking."""

import time

import pytest

from show import contributions, moderation
from show.base_scene import SceneView
from show.privacy import scene_erasure
from show.scenes.questions import find_number
from store.erasure import Erasure


@pytest.fixture
def questions(go):
    return go("questions")


@pytest.fixture
def asked(questions, people, redis):
    """Two approved questions, from two people."""
    for person, words in zip(people(2), ("Does it work on a landline?", "How do webhooks work?"), strict=True):
        person.texts(words)
    for item in moderation.list_pending(redis, ["questions"]):
        questions.perform(redis, "approve", item.id)
    return questions


def ranking(questions, redis):
    found = questions.stage_values(SceneView(redis, "open"))["questions"]
    return [(question.number, question.item.words, question.votes) for question in found]


def test_question_appears_once_it_is_approved(questions, person, redis):
    reply = person.texts("Does it work on a landline?")
    assert reply == "Thank you. Your question appears once the presenter has approved it. To vote, text its number."
    assert ranking(questions, redis) == []
    [item] = moderation.list_pending(redis, ["questions"])
    questions.perform(redis, "approve", item.id)
    assert ranking(questions, redis) == [(1, "Does it work on a landline?", 0)]


def test_footer_counts_the_questions(asked, redis):
    view = SceneView(redis, "open")
    assert asked.footer(view) == "2 questions · open"
    asked.perform(redis, "answered", "1")
    assert asked.footer(view) == "1 question · open"


@pytest.mark.parametrize("words", ["2", "two", "#2", "Question 2", "number two!"])
def test_number_votes_and_votes_rank(asked, person, redis, words):
    assert person.texts(words) == "You voted for question 2. You can vote for others too."
    assert [(number, votes) for number, _, votes in ranking(asked, redis)] == [(2, 1), (1, 0)]


def test_person_votes_once_for_a_question_and_for_several_questions(asked, person, redis):
    for words in ("2", "2", "1", "2"):
        person.texts(words)
    assert [votes for *_, votes in ranking(asked, redis)] == [1, 1]


def test_vote_by_key(asked, person, redis):
    assert "press the number of a question" in person.dials().heard
    assert "You voted for question 2." in person.presses("2").heard
    assert ranking(asked, redis)[0][0] == 2


def test_question_by_speech(questions, person, redis):
    person.dials().says("Is this recorded?")
    assert [item.words for item in moderation.list_pending(redis, ["questions"])] == ["Is this recorded?"]


def test_vote_for_a_question_that_does_not_exist_is_explained(asked, person, redis):
    assert person.texts("7") == "There is no question 7 yet."
    assert not moderation.list_pending(redis, ["questions"])


def test_answered_question_leaves_the_ranking_and_the_others_keep_their_numbers(asked, person, redis):
    asked.perform(redis, "answered", "1")
    assert ranking(asked, redis) == [(2, "How do webhooks work?", 0)]
    assert person.texts("1") == "Question 1 has been answered already."
    assert asked.stage_values(SceneView(redis, "open"))["answered"] == 1


def test_hidden_question_is_not_on_stage(asked, person, redis, draw_stage):
    asked.perform(redis, "hide", "1")
    assert "landline" not in draw_stage() and "How do webhooks work?" in draw_stage()
    assert person.texts("1") == "Question 1 is no longer on the list."


def test_question_that_is_approved_again_keeps_its_number(asked, redis):
    asked.perform(redis, "hide", "1")
    asked.perform(redis, "approve", "1")
    assert [number for number, *_ in ranking(asked, redis)] == [1, 2]


def test_question_of_a_person_who_is_forgotten_leaves_the_other_numbers_as_they_are(asked, app, people, redis):
    with app.app_context():
        person = contributions.alias(people(1)[0].number, app.extensions["settings"].secret_key[0])
    scene_erasure.erase_person_in_scenes(
        redis, app.extensions["talk"], Erasure(time.time(), people(1)[0].number, person)
    )
    assert ranking(asked, redis) == [(2, "How do webhooks work?", 0)]
    assert people(3)[2].texts("1") == "Question 1 is no longer on the list."
    assert people(4)[3].texts("2") == "You voted for question 2. You can vote for others too."


@pytest.mark.parametrize(("words", "number"), [("3", 3), ("0", 0), ("123", 0), ("3 things", 0), ("", 0), ("³", 3)])
def test_number_of_a_question(words, number):
    assert find_number(words) == number
