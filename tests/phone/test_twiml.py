"""Every document is TwiML that Twilio runs without a warning."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone import sms, twiml
from show.base_scene import Scene
from tests.support.person import is_valid_twiml

words = st.text(max_size=400)
EVERYTHING = {
    name: made
    for name, made in inspect.getmembers(twiml, lambda each: inspect.isfunction(inspect.unwrap(each)))
    if made.__module__ == twiml.__name__
}
MADE = {
    "menu": lambda said: twiml.menu(said, 1),
    "prompt": lambda said: twiml.prompt(said, "check", 1),
    "scene_menu": lambda said: twiml.scene_menu(said, Scene("quiz"), 1),
    "hold": lambda said: twiml.hold("ask", 1, 3, said),
    "sound_only": lambda said: twiml.sound_only("ask", 1, 3),
    "record": lambda said: twiml.record(1),
    "redirect": lambda said: twiml.redirect(said, "/voice"),
    "goodbye": twiml.goodbye,
    "ask_for_topic": lambda said: twiml.ask_for_topic("line", 1),
    "wait_in_line": lambda said: twiml.wait_in_line("line", said, 1),
    "announce_position": lambda said: twiml.announce_position(len(said)),
    "connect_caller": lambda said: twiml.connect_caller("line", is_transcribed=bool(said)),
    "connect_presenter": lambda said: twiml.connect_presenter("line"),
}


def test_every_document_function_is_covered():
    assert set(EVERYTHING) - {"step_url", "spoken_menu", "spoken_choices", "_how_to_choose", "to_xml_text"} == set(MADE)


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
