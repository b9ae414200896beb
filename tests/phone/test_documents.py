"""Every document we send is TwiML that Twilio runs without a warning."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone import documents, hold, sms
from tests.support.person import is_valid_twiml

words = st.text(max_size=400)
EVERYTHING = {
    name: made
    for module in (documents, hold)
    for name, made in inspect.getmembers(module, inspect.isfunction)
    if made.__module__ == module.__name__
}
MADE = {
    "menu": lambda said: documents.menu(said, 1),
    "prompt": lambda said: documents.prompt(said, "check", 1),
    "waiting": lambda said: hold.waiting("ask", 1, 3, said),
    "sound_only": lambda said: hold.sound_only("ask", 1, 3),
    "record": lambda said: documents.record(1),
    "goodbye": documents.goodbye,
}


def test_every_kind_of_document_is_looked_at():
    assert set(EVERYTHING) - {"step_url", "spoken_menu", "spoken_choices"} == set(MADE)


@pytest.mark.parametrize("kind", MADE)
@given(said=words)
def test_whatever_is_said_the_document_stays_valid(kind, said):
    assert is_valid_twiml(MADE[kind](said).encode(), "voice")


@given(said=words)
def test_whatever_is_texted_the_reply_stays_valid(said):
    assert is_valid_twiml(sms._message_response(said).body.encode("utf-8"), "sms")


def test_a_wrong_document_would_be_noticed():
    with pytest.raises(AssertionError, match="Gater"):
        is_valid_twiml(b"<Response><Gater/></Response>", "voice")
    with pytest.raises(AssertionError):
        is_valid_twiml(b"<Response><Say>no voice in a text</Say></Response>", "sms")
