"""Callers who withhold their number, in each form that Twilio sends: no texts, no subscriptions, no shared identity."""

import pytest

import events
from masking import WITHHELD
from phone.commands.count import PEOPLE_KEY
from phone_numbers import can_be_texted, phone_number_of
from tests.support.person import ME, Person
from workers import pending_answers

FORMS = [
    "",
    "anonymous",
    "Anonymous",
    "ANONYMOUS",
    "unknown",
    "restricted",
    "Restricted",
    "unavailable",
    "private",
    "blocked",
    "+266696687",
    "266696687",
    "+1266696687",
    "+7378742833",
    "+2562533",
    "+8656696",
    "+86282452253",
    "+464",
    "+",
    "client:ada",
    "sip:ada@pbx.example",
    "sip:+447700900123@pbx.example",
]


@pytest.fixture(params=FORMS)
def nobody(request, post_as_twilio):
    return Person(post_as_twilio, request.param)


def only_answer(redis):
    return pending_answers.load(redis, redis.zrange(pending_answers.OPEN_KEY, 0, 0)[0].decode())


@pytest.mark.parametrize("address", FORMS)
def test_address_is_no_phone_number(address):
    assert phone_number_of(address) == ""
    assert not can_be_texted(address)


@pytest.mark.parametrize("address", [ME, "+12025550123", "+15005550006", "whatsapp:+447700900123"])
def test_address_is_a_phone_number(address):
    assert phone_number_of(address) == address.removeprefix("whatsapp:")


def test_caller_is_answered_in_the_call_and_has_no_number(nobody, redis):
    assert "It is " in nobody.dials().presses("1").heard
    nobody.presses("4")
    assert only_answer(redis).phone_number == ""
    assert not list(redis.scan_iter("requests:*"))


def test_audience_reads_that_the_number_is_withheld(nobody, redis):
    nobody.dials()
    (call,) = [event for event in events.read_latest(redis, 9) if event.type == "call.received"]
    assert call.data["who"] == WITHHELD


def test_two_calls_are_two_people(nobody, redis):
    for number in "12":
        nobody.call_sid = "CA" + "0" * 31 + number
        nobody.dials().presses("1")
    assert redis.scard(PEOPLE_KEY) == 2


def test_text_without_a_number_gets_only_direct_replies(nobody, redis):
    assert nobody.texts("time").startswith("It is ")
    assert "no phone number" in nobody.texts("count")
    assert nobody.texts("STOP") == ""
    assert not redis.exists(pending_answers.OPEN_KEY, "opt-outs", *redis.keys("open-questions:*"), "")


def test_person_is_the_same_by_text_and_by_phone(person, redis):
    person.texts("time")
    person.dials().presses("1")
    assert redis.scard(PEOPLE_KEY) == 1
