"""Every document is TwiML that Twilio runs without a warning."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone import sms
from phone.twiml import hold_twiml, voice_twiml
from tests.support.person import is_valid_twiml

words = st.text(max_size=400)
EVERYTHING = {
    name: made
    for module in (voice_twiml, hold_twiml)
    for name, made in inspect.getmembers(module, lambda each: inspect.isfunction(inspect.unwrap(each)))
    if made.__module__ == module.__name__
}
MADE = {
    "menu": lambda said: voice_twiml.menu(said, 1),
    "prompt": lambda said: voice_twiml.prompt(said, "check", 1),
    "waiting": lambda said: hold_twiml.waiting("ask", 1, 3, said),
    "sound_only": lambda said: hold_twiml.sound_only("ask", 1, 3),
    "record": lambda said: voice_twiml.record(1),
    "redirect": lambda said: voice_twiml.redirect(said, "/voice"),
    "goodbye": voice_twiml.goodbye,
}


def test_every_document_function_is_covered():
    assert set(EVERYTHING) - {"step_url", "spoken_menu", "spoken_choices", "_how_to_choose"} == set(MADE)


@pytest.mark.parametrize("kind", MADE)
@given(said=words)
def test_any_text_makes_a_valid_voice_document(kind, said):
    assert is_valid_twiml(MADE[kind](said).encode(), "voice")


@given(said=words)
def test_any_text_makes_a_valid_sms_reply(said):
    assert is_valid_twiml(sms._message_response(said).body.encode("utf-8"), "sms")


def test_invalid_documents_fail_the_check():
    with pytest.raises(AssertionError, match="Gater"):
        is_valid_twiml(b"<Response><Gater/></Response>", "voice")
    with pytest.raises(AssertionError):
        is_valid_twiml(b"<Response><Say>no voice in a text</Say></Response>", "sms")
