"""A Gather collects keys, or speech, and requests its action."""

import asyncio

import pytest

from ringback.testing.waiting import eventually
from support.documents import say


def test_caller_presses_a_key(app, exchange, ada):
    app.answers["/voice"] = '<Response><Gather numDigits="1" action="/menu"><Say>Press one</Say></Gather></Response>'
    app.answers["/menu"] = lambda asked: say(f"You pressed {asked['Digits']}")
    ada.dials()
    ada.presses("1")
    ada.hears("Press one", "You pressed 1")
    asked = app.was_asked("/menu")[0]
    assert (asked["FinishedOnKey"], asked["msg"], asked["CallStatus"]) == ("", "Gather End", "in-progress")
    assert exchange.alerts() == []


def test_digits_are_gathered_until_the_finish_key(app, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu"/></Response>'
    app.answers["/menu"] = lambda asked: say(f"{asked['Digits']} and {asked['FinishedOnKey']}")
    ada.dials()
    ada.presses("12")
    eventually(lambda: ada.listens_for("gather")["digits"] == "12")
    ada.presses("3#4")
    ada.hears("123 and #")


@pytest.mark.parametrize(("kind", "path", "ignored"), [("dtmf", "speech", "hm"), ("speech", "keys", "1")])
def test_input_that_a_gather_ignores_does_not_extend_the_timeout(app, exchange, ada, kind, path, ignored):
    app.answers["/voice"] = f'<Response><Gather input="{kind}"/><Say>Nothing</Say></Response>'
    ada.dials()
    ada.has_the_floor("gather")
    exchange.time_passes(3)
    exchange.post(f"{ada.door}/calls/{ada.sid}/{path}", {"words" if path == "speech" else "digits": ignored})
    exchange.time_passes(3)
    ada.hears("Nothing")


def test_gathering_digits_ends_after_the_timeout(app, exchange, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu" timeout="7" finishOnKey=""/></Response>'
    app.answers["/menu"] = lambda asked: say(asked["Digits"])
    ada.dials()
    ada.presses("1#")
    eventually(lambda: ada.listens_for("gather")["digits"] == "1#")
    exchange.time_passes(7)
    ada.hears("1#")


def test_document_continues_without_input(app, exchange, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu"><Say>Well?</Say></Gather><Say>Bye</Say></Response>'
    ada.dials()
    ada.listens_for("gather")
    ada.hears("Well?")
    exchange.time_passes(5)
    ada.hears("Well?", "Bye")
    assert app.at("/menu") == []


def test_action_on_empty_result_requests_the_action(app, exchange, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu" timeout="3" actionOnEmptyResult="true"/></Response>'
    app.answers["/menu"] = lambda asked: say(f"nothing: {asked['Digits']!r}")
    ada.dials()
    ada.listens_for("gather")
    exchange.time_passes(3)
    ada.hears("nothing: ''")


def test_key_interrupts_a_prompt_that_is_still_being_fetched(app, ada):
    app.answers["/voice"] = '<Response><Gather numDigits="1" action="/menu"><Play>/jingle</Play></Gather></Response>'
    app.answers["/jingle"] = lambda asked: asyncio.sleep(3_600)
    app.answers["/menu"] = '<Response><Gather numDigits="1" action="/last"/></Response>'
    app.answers["/last"] = lambda asked: say(f"{asked['Digits']} it is")
    ada.dials()
    ada.presses("2")
    ada.presses("3")
    ada.hears("3 it is")


def test_finish_key_alone_counts_as_no_input(app, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu"/><Say>Nothing</Say></Response>'
    ada.dials()
    ada.presses("#")
    ada.hears("Nothing")


def test_speech_is_accepted_as_input(app, ada):
    app.answers["/voice"] = '<Response><Gather input="dtmf speech" action="/menu" hints="yes, no"/></Response>'
    app.answers["/menu"] = lambda asked: say(f"{asked['SpeechResult']}, {asked['Confidence']}")
    ada.dials()
    assert ada.listens_for("gather")["hints"] == "yes, no"
    ada.speaks("two pizzas")
    ada.hears("two pizzas, 0.9")


def test_speech_is_ignored_where_only_keys_are_accepted(app, ada):
    app.answers["/voice"] = '<Response><Gather numDigits="1" action="/menu"/></Response>'
    app.answers["/menu"] = lambda asked: say(asked["Digits"])
    ada.dials()
    ada.listens_for("gather")
    ada.speaks("hello", wait=0)
    ada.presses("4")
    ada.hears("4")


def test_without_an_action_the_same_url_is_requested(app, ada):
    app.answers["/voice"] = lambda asked: (
        say("Thanks") if asked.get("Digits") else '<Response><Gather numDigits="1"/></Response>'
    )
    ada.dials()
    ada.presses("1")
    ada.hears("Thanks")
