"""The coverage table matches the code."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from ringback.evidence import documented
from ringback.twiml.schema_validation import schema
from ringback.verbs.registry import MESSAGING, VOICE, RegistryError, TwimlElement, check
from ringback.web import coverage

WITHIN_NOUNS_THAT_ARE_NOT_RUN = {"Language"}
DOCUMENT = Path(coverage.__file__).parents[2] / "docs/coverage.md"


def test_document_contains_the_table():
    held = re.search(r"<!-- coverage -->\n(.*)<!-- /coverage -->", DOCUMENT.read_text(), re.DOTALL)[1]
    assert held.strip() == coverage.coverage_table().strip()


def test_table_is_available_from_the_exchange(exchange):
    status, body, headers = exchange.request("GET", "/coverage")
    assert status == 200
    assert "| Gather | run |" in body.decode()
    assert headers["Content-Type"].startswith("text/plain")


SOURCE = documented("voice/twiml")


@pytest.mark.parametrize(
    ("registered", "advice"),
    [
        ([TwimlElement("A", SOURCE, run=print), TwimlElement("A", SOURCE, run=print)], "keep one"),
        ([TwimlElement("A", SOURCE, run=print, children="B")], "register it with noun"),
        ([TwimlElement("A", SOURCE)], "add it to the children="),
        ([TwimlElement("A", run=print)], "pass documented"),
        ([TwimlElement("A", SOURCE, run=print, attributes="x", without_effect="y")], "correct without_effect="),
        ([TwimlElement("A", SOURCE, run=print, channels=("fax",))], "use VOICE or MESSAGING"),
        (
            [
                TwimlElement("A", SOURCE, run=print, children="B"),
                TwimlElement("B", SOURCE, channels=(MESSAGING,)),
            ],
            "correct channels=",
        ),
        ([TwimlElement("A", SOURCE, run=print, start=print)], "<Start>, which does not allow it"),
        ([TwimlElement("A", SOURCE, run=print, reason="x", start=print)], "remove reason="),
    ],
)
def test_author_of_a_verb_is_told_what_to_correct(registered, advice):
    with pytest.raises(RegistryError, match=re.escape(advice)):
        check(registered)


def test_every_row_says_how_certain_it_is():
    rows = [row for row in coverage.coverage_table().splitlines() if row.startswith("| ") and "| source |" not in row]
    assert [
        row for row in rows if not re.search(r"\[(documented|observed|inferred)\]\(https://[^)]+\), \d{4}-\d\d \|", row)
    ] == []


def words(module):
    """The element names of every TwiML class of this module of the official library."""
    from twilio.twiml import TwiML

    made = []
    for thing in vars(import_module(f"twilio.twiml.{module}")).values():
        if isinstance(thing, type) and issubclass(thing, TwiML) and thing is not TwiML:
            wanted = [each for each in inspect.signature(thing).parameters.values() if each.default is each.empty]
            made.append(thing(*("x" for each in wanted if each.kind is each.POSITIONAL_OR_KEYWORD)).name)
    return sorted(set(made))


def test_every_messaging_element_of_the_library_is_known():
    assert set(words("messaging_response")) - set(schema(MESSAGING)) == set()


def test_every_voice_element_of_the_library_runs_or_is_reported():
    within_a_verb = {child for entry in schema(VOICE).values() if entry.run for child in entry.child_names}
    known = set(schema(VOICE)) | within_a_verb | WITHIN_NOUNS_THAT_ARE_NOT_RUN
    assert set(words("voice_response")) - known == set()
