"""The weekly call: Ada is its host, Ben speaks, Cyd listens."""

import pytest

from tests.exchange.apps import conference_line
from tests.support.waiting import eventually

create = conference_line.create


def comes_in(person, code):
    person.dials()
    person.presses(code)
    person.listens_for("talk")


@pytest.fixture
def assembled(ada, ben, cyd):
    """All three are in the room, and the host's phone has said so."""
    comes_in(ben, "2222")
    comes_in(cyd, "3333")
    comes_in(ada, "1111")
    eventually(lambda: "3 in the room" in ada.inbox(), ada.inbox)


def test_a_wrong_code_is_asked_for_again(ben):
    ben.dials()
    ben.presses("1234")
    ben.presses("2222")
    ben.listens_for("talk")
    ben.hears("Your code, please.", "That is not a code.", "Your code, please.")


def test_who_knows_no_code_is_asked_three_times(exchange, ben):
    ben.dials()
    for times in (1, 2, 3):
        ben.hears(*["Your code, please."] * times)
        ben.has_the_floor("gather")
        exchange.time_passes(5)
    ben.is_left_with("completed")


def test_nobody_is_heard_before_the_host_is_there(ada, ben, cyd):
    comes_in(ben, "2222")
    comes_in(cyd, "2222")
    ben.speaks("Anybody here?")
    comes_in(ada, "1111")
    ada.speaks("Welcome.")
    cyd.hears("Your code, please.", "Welcome.")


@pytest.mark.usefixtures("assembled")
def test_a_listener_hears_and_is_not_heard(ada, ben, cyd):
    cyd.speaks("I disagree!")
    ben.speaks("Ready.")
    cyd.hears("Your code, please.", "Ready.")
    ada.hears("Your code, please.", "Ready.")


@pytest.mark.usefixtures("assembled")
def test_the_host_silences_somebody_by_text(exchange, ada, ben, cyd):
    ada.texts(f"mute {ben.number}")
    eventually(lambda: muted(exchange, ben))
    ben.speaks("Let me…")
    ada.texts(f"unmute {ben.number}")
    eventually(lambda: not muted(exchange, ben))
    ben.speaks("Thank you.")
    cyd.hears("Your code, please.", "Thank you.")


def muted(exchange, person):
    conference = exchange.client().conferences.list()[0]
    return conference.participants(person.sid).fetch().muted


@pytest.mark.usefixtures("assembled")
def test_the_host_sends_somebody_out(ada, ben):
    ada.texts(f"out {ben.number}")
    ben.is_left_with("completed")
    eventually(lambda: "2 in the room" in ada.inbox()[3:], ada.inbox)


@pytest.mark.usefixtures("assembled")
def test_the_host_leaves_by_the_star_and_it_is_over_for_all(ada, ben, cyd):
    ada.presses("*")
    for person in (ada, ben, cyd):
        person.hears("Your code, please.", "You have left the room.")
        person.is_left_with("completed")
    eventually(lambda: "0 in the room" in ada.inbox(), ada.inbox)
