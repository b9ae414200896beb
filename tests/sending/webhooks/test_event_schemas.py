"""Messages match the schemas of the event catalogue."""

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import events
from events import Event
from sending.webhooks import event_schemas
from sending.webhooks.endpoints.event_type_patterns import EVENT_FILTER_PATTERN
from sending.webhooks.event_schemas import CATALOGUE

FACTS = ["who", "words", "answer", "answer_id", "reason", "ms", "seconds", "status", "loudness", "peaks", "summary"]
FACTS += ["endpoint", "host", "event_types", "state"]


def happened(kind, **facts):
    return Event("1-0", kind, "SM1", 1_700_000_000.0, facts)


@pytest.mark.parametrize("name", [*CATALOGUE, "github.star"])
@pytest.mark.parametrize("is_thin", [False, True], ids=["full", "thin"])
def test_examples_match_their_schemas(name, is_thin):
    jsonschema_rs.validate(
        event_schemas.build_schema(name, is_thin=is_thin), event_schemas.build_example(name, is_thin=is_thin)
    )


@pytest.mark.parametrize("name", CATALOGUE)
def test_events_of_the_catalogue_are_published(name):
    assert name in events.EVENT_TYPES


def test_provider_event_keeps_its_name():
    event = happened("webhook.received", provider="github", event="pull_request", summary="ada opened it")
    assert event_schemas.public_type(event) == "github.pull_request"
    assert event_schemas.summarize(event) == "ada opened it"
    told = {"provider": "github", "event": "pull_request", "summary": "ada opened it"}
    assert event_schemas.build_data(event, {"number": 7}) == {**told, "payload": {"number": 7}}
    assert event_schemas.build_data(event) == {**told, "payload": None}


def test_events_about_webhooks_are_not_sent():
    assert event_schemas.public_type(happened("webhook.delivered", host="hear.example")) is None


def test_duration_of_a_call_is_a_number():
    event = happened("call.ended", status="completed", seconds="42")
    assert event_schemas.build_data(event) == {"subject": "SM1", "status": "completed", "seconds": 42.0}
    assert event_schemas.summarize(event) == "A call ended after 42 s"


@given(st.text(), st.text())
def test_any_provider_event_has_a_valid_name(provider, event):
    name = event_schemas.public_type(happened("webhook.received", provider=f"p{provider}", event=event, summary=""))
    assert EVENT_FILTER_PATTERN.fullmatch(name)


values = st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.lists(st.floats()))


@given(st.sampled_from(sorted(CATALOGUE)), st.dictionaries(st.sampled_from(FACTS), values))
def test_any_event_data_matches_the_schema(name, facts):
    event = happened(name, **facts)
    message = {"type": name, "timestamp": event_schemas.EXAMPLE_TIMESTAMP, "data": event_schemas.build_data(event)}
    jsonschema_rs.validate(event_schemas.build_schema(name), message)
    assert event_schemas.summarize(event)
