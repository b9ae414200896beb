"""The coverage table matches the code."""

import inspect
import re
from pathlib import Path

import pytest
import twilio.twiml.messaging_response as messaging
import twilio.twiml.voice_response as voice
from twilio.twiml import TwiML

from ringback.twiml.grammar import grammar
from ringback.verbs.registry import MESSAGING, VOICE, elements
from ringback.web import coverage

WITHIN_NOUNS_THAT_ARE_NOT_RUN = {"ApplicationSid", "Config", "Header", "Headers", "Language", "Uri"}
DOCUMENT = Path(coverage.__file__).parents[2] / "docs/coverage.md"


def test_document_contains_the_table():
    held = re.search(r"<!-- coverage -->\n(.*)<!-- /coverage -->", DOCUMENT.read_text(), re.DOTALL)[1]
    assert held.strip() == coverage.coverage_table().strip()


def test_table_is_available_from_the_exchange(exchange):
    status, body, headers = exchange.request("GET", "/coverage")
    assert status == 200
    assert "| Gather | run |" in body.decode()
    assert headers["Content-Type"].startswith("text/plain")


def test_every_attribute_without_effect_exists():
    for entry in elements().values():
        assert set(entry.without_effect.split()) <= entry.attribute_names, entry.name


def words(module):
    """The element names of every TwiML class of the official library's module."""
    made = []
    for thing in vars(module).values():
        if isinstance(thing, type) and issubclass(thing, TwiML) and thing is not TwiML:
            wanted = [each for each in inspect.signature(thing).parameters.values() if each.default is each.empty]
            made.append(thing(*("x" for each in wanted if each.kind is each.POSITIONAL_OR_KEYWORD)).name)
    return sorted(set(made))


@pytest.mark.parametrize("name", words(messaging))
def test_every_messaging_element_of_the_library_is_known(name):
    assert name in grammar(MESSAGING)


@pytest.mark.parametrize("name", words(voice))
def test_every_voice_element_of_the_library_runs_or_is_reported(name):
    within_a_verb = {child for entry in grammar(VOICE).values() if entry.run for child in entry.child_names}
    assert name in set(grammar(VOICE)) | within_a_verb | WITHIN_NOUNS_THAT_ARE_NOT_RUN
