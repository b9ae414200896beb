"""A rider and a driver talk and text through one number."""

from apps import masking
from support.exchange import NUMBER

create = masking.create

DOT = "data:image/png;base64,iVBORw0KGgo="


def test_texts_in_both_directions_come_from_the_shared_number(exchange, ada, ben):
    ada.texts("I am at the <north> gate & it rains: 5€!")
    ben.gets("I am at the <north> gate & it rains: 5€!")
    ben.texts("Two minutes.")
    ada.gets("Two minutes.")
    assert {text["from"] for text in exchange.get(f"{ada.door}/texts")["texts"]} == {ada.number, NUMBER}


def test_picture_is_forwarded(exchange, ada, ben):
    ada.texts("", media_url=DOT)
    ben.gets("")
    received = exchange.get(f"{ben.door}/texts")["texts"][0]
    assert [picture["content_type"] for picture in received["media"]] == ["image/png"]
    assert exchange.request("GET", received["media"][0]["url"])[1] == b"\x89PNG\r\n\x1a\n"


def test_each_sees_only_the_shared_number_during_a_call(ada, ben):
    ada.dials()
    ben.answers()
    assert (ada.call()["with"], ben.call()["with"]) == (NUMBER, NUMBER)
    ada.speaks("Where are you?")
    ben.hears("Where are you?")
    ben.speaks("Behind you.")
    ada.hears("Behind you.")
    ada.hangs_up()
    ben.is_left_with("completed")


def test_rider_is_answered_only_when_the_driver_answers(exchange, ada, ben):
    ada.dials()
    ben.is_called()
    assert ada.call()["status"] == "ringing"
    ben.answers()
    ada.is_left_with("in-progress")


def test_unknown_caller_is_not_connected(exchange, cyd):
    cyd.texts("Hello?")
    cyd.gets("This number is for rides that are under way.")
    cyd.dials()
    cyd.is_left_with("busy")
    assert exchange.get("/handsets/+441632960001/calls")["calls"] == []
