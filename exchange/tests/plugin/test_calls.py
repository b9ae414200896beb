"""A test calls the app, is called by it, and hears what it says."""

import pytest

from ringback.sound.wav import to_wav


def test_caller_presses_a_key(ada):
    call = ada.calls()
    call.hears("Press 1")
    call.presses("1")
    call.hears("You ordered 1")


def test_caller_says_something(ada):
    call = ada.calls()
    call.says("green tea")
    call.hears("ordered green tea")


def test_sentences_are_found_in_the_order_in_which_they_are_heard(ringback, ada):
    call = ada.calls()
    call.hears("Welcome")
    call.hears("Press 1")  # in the same sentence
    ringback.api.limit_seconds = 0.05
    with pytest.raises(AssertionError, match="did not hear 'Welcome'"):
        call.hears("Welcome")


def test_sounds_are_heard_by_their_url(ada):
    call = ada.calls()
    call.presses("1")
    assert call.hears("kettle.wav").startswith("[Play ")


def test_what_was_heard_is_shown(ringback, ada):
    call = ada.calls()
    call.hears("Welcome")
    ringback.api.limit_seconds = 0.05
    with pytest.raises(AssertionError, match=r"(?s)did not hear 'Press 2'.*in-progress.*heard: Welcome. Press 1"):
        call.hears("Press 2")


def test_waiting_ends_when_the_call_is_over(ada):
    call = ada.calls()
    call.hears("Welcome")
    call.hangs_up()
    with pytest.raises(AssertionError, match="before the call ended"):
        call.hears("Press 2")
    with pytest.raises(AssertionError, match="and is over"):
        call.presses("1")


def test_time_passes_only_when_the_test_says_so(ringback, ada):
    call = ada.calls()
    call.hears("Welcome")
    assert call.status == "in-progress"
    ringback.time_passes(5)
    call.hears("Goodbye")
    call.ends("completed")


def test_message_is_recorded(ringback, ada):
    call = ada.calls()
    call.presses("1")
    call.hears("[Beep]")
    call.plays(to_wav(b"\1\1" * 8000))
    ringback.time_passes(5)
    call.hears("1 seconds")


def test_app_calls_and_the_phone_answers(ada):
    ada.texts("call me")
    call = ada.answers()
    call.hears("Your tea is ready")
    call.ends()


def test_call_is_declined(ada):
    ada.texts("call me")
    call = ada.rings()
    assert call.status == "ringing"
    call.hangs_up()
    call.ends("busy")


def test_phone_that_answers_by_itself(ringback):
    ben = ringback.phone("+447700900002", when_called="answers")
    ben.texts("call me")
    ben.answers().hears("Your tea is ready")


def test_wrong_end_is_shown(ada):
    call = ada.calls()
    call.hears("Welcome")
    call.hangs_up()
    with pytest.raises(AssertionError, match="expected the status busy, not completed"):
        call.ends("busy")
