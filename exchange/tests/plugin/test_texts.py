"""A test texts the app, and reads its texts."""

import re

import pytest


def test_phone_reads_the_reply(ada):
    ada.texts("hi")
    assert ada.reads("hello").body == "Hello +447700900001: hi, 0 pictures"


def test_each_text_is_read_once(ada):
    ada.texts("one")
    ada.reads("one")
    ada.texts("two")
    assert "two" in ada.reads("Hello").body


def test_texts_can_be_read_in_any_order(ada):
    ada.texts("one")
    ada.texts("two")
    ada.reads("two")
    ada.reads("one")


def test_pattern_matches_a_text(ada):
    ada.texts("hi")
    assert ada.reads(re.compile(r"\d pictures"))


def test_wrong_text_is_shown(ringback, ada):
    ada.texts("hi")
    ada.reads()
    ringback.api.limit_seconds = 0.05
    with pytest.raises(AssertionError, match=r"(?s)did not get a text with 'Bye'.*received: 'Hello \+447700900001: hi"):
        ada.reads("Bye")


def test_no_reply_is_expected(ada):
    ada.texts("nothing")
    ada.reads_nothing()


def test_unexpected_reply_is_shown(ada):
    ada.texts("hi")
    with pytest.raises(AssertionError, match=r"(?s)got a text that was not expected.*Hello"):
        ada.reads_nothing()


def test_picture_reaches_the_app(ada, tmp_path):
    (tmp_path / "cup.png").write_bytes(b"png")
    ada.texts("look", media=tmp_path / "cup.png")
    ada.reads("1 pictures")


def test_picture_from_the_app_is_read(ada):
    ada.texts("picture")
    media = ada.reads("Here you are").media[0]
    assert (media.content_type, media.content()) == ("image/svg+xml", b"<svg/>")


def test_app_in_the_same_process_reaches_the_rest_api(ada):
    ada.texts("text me")
    ada.reads("Later")


def test_two_people_have_conversations_of_their_own(ringback, ada):
    ben = ringback.phone("+447700900002")
    ben.texts("hi")
    ben.reads("+447700900002")
    ada.reads_nothing()


def test_details_of_a_phone_reach_the_app(ringback):
    ringback.phone("+447700900003", city="London").texts("hi")
    ringback.phone("+447700900003").reads("Hello")
    assert ringback.requests[0].parameters["FromCity"] == "London"
