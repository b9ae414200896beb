"""Something breaks at night, and Ada or Ben is paged."""

import pytest

from apps import pager

create = pager.create

WAKE = "The cellar is wet. Press 1 or say yes to take it."


@pytest.fixture
def alarm(app, exchange):
    """Raise an alarm."""

    def breaks():
        with app.context():
            pager.alarm("The cellar is wet")

    return breaks


def test_ada_is_paged_and_accepts(alarm, ada, ben):
    alarm()
    ada.answers()
    ada.presses("1")
    ada.hears(WAKE, "Thank you.")
    ada.gets("Ada took: The cellar is wet")
    ben.gets("Ada took: The cellar is wet")


def test_ada_can_accept_by_speech(alarm, ada, ben):
    alarm()
    ada.answers()
    ada.speaks("Yes, I am coming.")
    ben.gets("Ada took: The cellar is wet")


@pytest.mark.parametrize("behaviour", ["busy", "fails", "machine"])
def test_ben_is_paged_if_ada_does_not_answer(alarm, ada, ben, behaviour):
    ada.behaves(behaviour)
    alarm()
    ben.answers()
    ben.presses("1")
    ben.gets("Ben took: The cellar is wet")


def test_ben_is_paged_if_ada_answers_but_does_not_accept(exchange, alarm, ada, ben):
    alarm()
    ada.answers()
    ada.has_the_floor("gather")
    exchange.time_passes(5)
    ada.hears(WAKE, "Somebody else will be asked.")
    ben.answers()
    ben.presses("1")
    ben.gets("Ben took: The cellar is wet")


def test_paging_gives_up_if_nobody_answers(exchange, alarm, ada, ben):
    ada.behaves("never-answers")
    ben.behaves("busy")
    alarm()
    ada.is_called()
    exchange.time_passes(21)
    ada.gets("Nobody took: The cellar is wet")
    ben.gets("Nobody took: The cellar is wet")


def test_message_of_a_customer_is_played_to_the_person_on_call(exchange, ada, cyd):
    cyd.dials()
    cyd.speaks("The lift is stuck and so am I.")
    cyd.presses("#")
    cyd.hears("Tell whoever is on call.", "Your 2 seconds are on their way.")
    ada.gets(f"A message from {cyd.number}")
    assert exchange.get(f"{ada.door}/texts")["texts"][0]["media"][0]["content_type"] == "audio/mpeg"


def test_ben_takes_over_by_text_after_confirming(ada, ben, cyd):
    ben.texts("yes")
    ben.gets("Say TAKE first.")
    ben.texts("Take")
    ben.gets("Say TAKE first.", "Ben, reply YES to take over.")
    ada.texts("who")
    ada.gets("Ada is on call.")
    ben.texts("YES")
    ben.gets("Say TAKE first.", "Ben, reply YES to take over.", "You are on call, Ben.")
    ada.texts("who")
    ada.gets("Ada is on call.", "Ben is on call.")
    cyd.texts("who")
    assert cyd.inbox() == []


def test_confirmation_expires_after_four_hours(exchange, ben):
    ben.texts("take")
    ben.gets("Ben, reply YES to take over.")
    exchange.time_passes(4 * 3600 + 1)
    ben.texts("yes")
    ben.gets("Ben, reply YES to take over.", "Say TAKE first.")
