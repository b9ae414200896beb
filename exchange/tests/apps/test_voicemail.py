"""Somebody calls Ben, who takes the call or gets a message."""

import pytest

from apps import voicemail

create = voicemail.create

PLEASE = "Please leave a message after the beep."


def test_ben_takes_the_call(ada, ben):
    ada.dials()
    ben.answers()
    ben.hears(f"A call from {ada.number}. Press 1 to take it.")
    ben.presses("1")
    ada.speaks("Hello Ben.")
    ben.hears(f"A call from {ada.number}. Press 1 to take it.", "Hello Ben.")
    ben.hangs_up()
    ada.is_left_with("completed")
    assert ada.heard() == []


def test_ben_declines_the_call_and_reads_the_message(exchange, ada, ben):
    ada.dials()
    ben.answers()
    ben.presses("2")
    ada.hears(PLEASE)
    ada.speaks("It is about the boat.")
    ada.presses("#")
    ada.hears(PLEASE, "Thank you.")
    ben.gets(f"{ada.number} said: It is about the boat.")
    sound = exchange.get(f"{ben.door}/texts")["texts"][0]["media"][0]
    assert sound["content_type"] == "audio/mpeg"
    assert exchange.request("GET", sound["url"])[0] == 200


def test_answering_machine_does_not_accept_the_call(exchange, ada, ben):
    ben.behaves("machine")
    ada.dials()
    ben.is_called()
    ben.has_the_floor("gather")
    ben.hears(f"A call from {ada.number}. Press 1 to take it.")
    exchange.time_passes(5)
    ada.hears(PLEASE)


@pytest.mark.parametrize("behaviour", ["busy", "fails"])
def test_caller_can_leave_a_message_if_ben_is_unreachable(ada, ben, behaviour):
    ben.behaves(behaviour)
    ada.dials()
    ada.hears(PLEASE)


def test_caller_can_leave_a_message_if_ben_does_not_answer(exchange, ada, ben):
    ada.dials()
    ben.is_called()
    exchange.time_passes(11)
    ada.hears(PLEASE)


def test_message_is_kept_if_the_caller_hangs_up_while_recording(ada, ben):
    ben.behaves("busy")
    ada.dials()
    ada.hears(PLEASE)
    ada.speaks("Never mi")
    ada.hangs_up()
    ben.gets(f"{ada.number} said: Never mi")
