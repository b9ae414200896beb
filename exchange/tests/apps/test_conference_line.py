"""The weekly conference: Ada is the host, Ben speaks, Cyd listens."""

import pytest

from apps import conference_line
from ringback.testing.waiting import eventually

create = conference_line.create


def comes_in(person, code):
    person.dials()
    person.presses(code)
    person.listens_for("talk")


@pytest.fixture
def assembled(ada, ben, cyd):
    """All three are in the conference, and the host has been texted about it."""
    comes_in(ben, "2222")
    comes_in(cyd, "3333")
    comes_in(ada, "1111")
    eventually(lambda: "3 in the room" in ada.inbox(), ada.inbox)


def test_wrong_code_is_asked_for_again(ben):
    ben.dials()
    ben.presses("1234")
    ben.presses("2222")
    ben.listens_for("talk")
    ben.hears("Your code, please.", "That is not a code.", "Your code, please.")


def test_caller_without_a_code_is_asked_three_times(exchange, ben):
    ben.dials()
    for times in (1, 2, 3):
        ben.hears(*["Your code, please."] * times)
        ben.has_the_floor("gather")
        exchange.time_passes(5)
    ben.is_left_with("completed")


def test_nobody_is_heard_before_the_host_joins(ada, ben, cyd):
    comes_in(ben, "2222")
    comes_in(cyd, "2222")
    ben.speaks("Anybody here?")
    comes_in(ada, "1111")
    ada.speaks("Welcome.")
    cyd.hears("Your code, please.", "Welcome.")


@pytest.mark.usefixtures("assembled")
def test_listener_hears_but_is_not_heard(ada, ben, cyd):
    cyd.speaks("I disagree!")
    ben.speaks("Ready.")
    cyd.hears("Your code, please.", "Ready.")
    ada.hears("Your code, please.", "Ready.")


@pytest.mark.usefixtures("assembled")
def test_host_mutes_a_participant_by_text(exchange, ada, ben, cyd):
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
def test_host_removes_a_participant(ada, ben):
    ada.texts(f"out {ben.number}")
    ben.is_left_with("completed")
    eventually(lambda: "2 in the room" in ada.inbox()[3:], ada.inbox)


@pytest.mark.usefixtures("assembled")
def test_conference_ends_when_the_host_presses_star(ada, ben, cyd):
    ada.presses("*")
    for person in (ada, ben, cyd):
        person.hears("Your code, please.", "You have left the room.")
        person.is_left_with("completed")
    eventually(lambda: "0 in the room" in ada.inbox(), ada.inbox)
