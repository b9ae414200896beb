"""Every document is TwiML that Twilio runs without a warning."""

import inspect
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone import sms
from phone.twiml import basic_documents, hold_phrases, line_documents, menus, recording
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES
from show.base_scene import Scene
from tests.support.person import is_valid_twiml

words = st.text(max_size=400)
EVERYTHING = {
    name: made
    for module in (basic_documents, hold_phrases, line_documents, menus, recording)
    for name, made in inspect.getmembers(module, lambda each: inspect.isfunction(inspect.unwrap(each)))
    if made.__module__ == module.__name__
}
MADE = {
    "menu": lambda said: menus.menu(said, 1),
    "prompt": lambda said: menus.prompt(said, "check", 1),
    "scene_menu": lambda said: menus.scene_menu(said, Scene("quiz"), 1),
    "hold": lambda said: hold_phrases.hold("ask", 1, 3, said),
    "sound_only": lambda said: hold_phrases.sound_only("ask", 1, 3),
    "record": lambda said: recording.record(1),
    "redirect": lambda said: basic_documents.redirect(said, "/voice"),
    "goodbye": basic_documents.goodbye,
    "ask_for_topic": lambda said: line_documents.ask_for_topic("line", 1),
    "wait_in_line": lambda said: line_documents.wait_in_line("line", said, 1),
    "announce_position": lambda said: line_documents.announce_position(len(said)),
    "connect_caller": lambda said: line_documents.connect_caller("line", is_transcribed=bool(said)),
    "connect_presenter": lambda said: line_documents.connect_presenter("line"),
}


def test_every_document_function_is_covered():
    assert set(EVERYTHING) - {"step_url", "spoken_menu", "spoken_choices", "_how_to_choose", "to_xml_text"} == set(MADE)


@pytest.mark.parametrize("kind", MADE)
@given(said=words)
def test_any_text_makes_a_valid_voice_document(kind, said):
    assert is_valid_twiml(MADE[kind](said).encode(), "voice")


@pytest.mark.parametrize("kind", MADE)
def test_twilio_retries_every_request_that_a_document_leads_to(kind):
    document = ElementTree.fromstring(MADE[kind]("words"))
    urls = [value for verb in document.iter() for value in verb.attrib.values() if value.startswith("/")]
    urls += [verb.text for verb in document.iter("Redirect")]
    assert [url for url in urls if not url.endswith(CONNECTION_OVERRIDES)] == []


@given(said=words)
def test_any_text_makes_a_valid_sms_reply(said):
    assert is_valid_twiml(sms.message_response(said).body.encode("utf-8"), "sms")


def test_invalid_documents_fail_the_check():
    with pytest.raises(AssertionError, match="Gater"):
        is_valid_twiml(b"<Response><Gater/></Response>", "voice")
    with pytest.raises(AssertionError):
        is_valid_twiml(b"<Response><Say>no voice in a text</Say></Response>", "sms")
