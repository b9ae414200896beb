"""A survey by phone and by text."""

import pytest

from apps import survey
from ringback.testing.waiting import eventually

create = survey.create

WARM, STARS, BETTER = (question for _, question in survey.QUESTIONS)
ONE_KEY, A_NUMBER, SPEAK = survey.HOW.values()


@pytest.fixture
def answered(app):
    """Wait until the person's answers are as given."""

    def holds(person, *words):
        given = app.flask.config["ANSWERS"].given
        of = [(person.number, number) for number in range(len(words))]
        eventually(lambda: [given.get(one) for one in of] == list(words), lambda: f"{words}, not {given}")

    return holds


def test_caller_answers_with_keys_and_a_message(answered, ada):
    ada.dials()
    ada.presses("1")
    ada.presses("4#")
    ada.speaks("More chairs, please.")
    ada.presses("#")
    ada.hears(WARM, ONE_KEY, STARS, A_NUMBER, BETTER, SPEAK, "Thank you. Goodbye.")
    answered(ada, "1", "4", "More chairs, please.")


def test_caller_can_speak_instead_of_pressing_keys(answered, ada):
    ada.dials()
    ada.speaks("No, not at all.")
    ada.speaks("Five.")
    ada.hears(WARM, ONE_KEY, STARS, A_NUMBER, BETTER, SPEAK)
    answered(ada, "No, not at all.", "Five.")


def test_silent_caller_is_asked_again(exchange, ada):
    ada.dials()
    ada.has_the_floor("gather")
    exchange.time_passes(5)
    ada.hears(WARM, ONE_KEY, WARM, ONE_KEY)
    ada.presses("0")
    ada.hears(WARM, ONE_KEY, WARM, ONE_KEY, STARS, A_NUMBER)


def test_surveys_of_two_people_by_text_are_separate(answered, ada, ben):
    ada.texts("Hello")
    ada.gets(WARM)
    ben.texts("Hi")
    ben.gets(WARM)
    ada.texts("Yes")
    ada.gets(WARM, STARS)
    ben.texts("No. It was 12°C!")
    ben.gets(WARM, STARS)
    ada.texts("5")
    ada.gets(WARM, STARS, BETTER)
    ada.texts("Nothing")
    ada.gets(WARM, STARS, BETTER, "Thank you.")
    answered(ada, "Yes", "5", "Nothing")
    answered(ben, "No. It was 12°C!")


def test_finished_survey_starts_again(ada):
    for words in ("Hello", "Yes", "5", "Nothing", "Hello again"):
        before = len(ada.inbox())
        ada.texts(words)
        eventually(lambda before=before: len(ada.inbox()) > before)
    ada.gets(WARM, STARS, BETTER, "Thank you.", WARM)
