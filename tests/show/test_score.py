"""The scene `score`: 0 to 10 by text, key and speech."""

import pytest

from show.base_scene import SceneView
from show.scenes.score import find_score


@pytest.fixture
def score(go):
    return go("score")


def figures(score, redis):
    return score.figures(SceneView(redis))


@pytest.mark.parametrize("words", ["8", "eight", " 8! ", "8/10", "8 out of 10", "I give it an 8", "eight of ten"])
def test_score_by_text(score, person, redis, words):
    assert person.texts(words) == "Thank you for your 8. You can change it until the vote closes."
    assert figures(score, redis)["scores"]["8"] == 1


def test_figures(score, people, redis):
    for person, words in zip(people(3), ("10", "10", "10"), strict=True):
        person.texts(words)
    zeros = {str(number): 0 for number in range(10)}
    assert figures(score, redis) == {"scores": {**zeros, "10": 3}, "people": 3, "average": 10.0}


@pytest.mark.parametrize("digits", ["10", "0", "7"])
def test_score_by_key(score, person, redis, digits):
    assert "Press a number from 0 to 10, and then hash." in person.dials().heard
    assert 'numDigits="2"' in person.answer.text and 'finishOnKey="#"' in person.answer.text
    person.presses(digits)
    assert figures(score, redis)["scores"][digits] == 1


def test_score_by_speech(score, person, redis):
    person.dials().says("Nine.")
    assert figures(score, redis)["scores"]["9"] == 1


def test_last_score_of_a_phone_counts(score, person, redis):
    person.texts("3")
    person.texts("9")
    assert figures(score, redis)["average"] == 9.0 and figures(score, redis)["people"] == 1


@pytest.mark.parametrize("words", ["11", "-5", "7.5", "8 or 9", "100"])
def test_anything_else_is_explained_and_not_counted(score, person, redis, words):
    assert person.texts(words) == "Please send one whole number from 0 to 10."
    assert figures(score, redis)["people"] == 0 and figures(score, redis)["average"] is None


def test_impossible_key_is_not_counted(score, person, redis):
    assert "Sorry" in person.dials().presses("11").heard
    assert figures(score, redis)["people"] == 0


def test_stage_thanks_first_and_then_shows_the_average(score, people, draw_stage):
    assert "Thank you!" in draw_stage() and "on average" not in draw_stage()
    for person, words in zip(people(2), ("7", "8"), strict=True):
        person.texts(words)
    assert "7.5</b> on average, from 2 people" in draw_stage()


def test_commands_still_work(score, person, redis):
    assert "It is " in person.texts("time")
    assert "I am checking" in person.texts("check example.com:8080")


@pytest.mark.parametrize(("words", "number"), [("10 out of 10", 10), ("ten", 10), ("0", 0), ("10", 10), ("", None)])
def test_score_in_words(words, number):
    assert find_score(words) == number
