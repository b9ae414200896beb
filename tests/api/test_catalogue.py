"""The event catalogue as a page and as JSON."""

import html
import re

import jsonschema_rs

from receiving import providers
from sending.webhooks.event_schemas import CATALOGUE


def test_page_shows_description_example_and_schema_of_each_event(visitor):
    page = html.unescape(visitor.get("/catalogue").text)
    for name, kind in CATALOGUE.items():
        part = re.search(rf'<section class="event" id="{name}".*?</section>', page, re.DOTALL)[0]
        assert kind.description[1:] in part
        assert part.count("<pre") == 3
        assert "JSON schema" in part


def test_page_names_the_events_of_each_provider(visitor):
    page = visitor.get("/catalogue").text
    for name in providers.load():
        assert f"<code>{name}.*</code>" in page
    assert "<code>heroku.api_release</code>" in page or "<code>heroku.api_release_" in page


def test_examples_in_the_json_match_their_schemas(visitor):
    answer = visitor.get("/catalogue.json")
    assert answer.content_type == "application/json"
    known = answer.json["events"]
    assert set(CATALOGUE) < set(known)
    for facts in known.values():
        jsonschema_rs.validate(facts["schema"], facts["example"])
        jsonschema_rs.validate(facts["thin"]["schema"], facts["thin"]["example"])
