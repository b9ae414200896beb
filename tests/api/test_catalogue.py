"""Somebody who writes a receiver reads what we send."""

import html
import re

import jsonschema_rs

from receiving import providers
from sending.webhooks.catalogue import CATALOGUE


def test_every_event_is_shown_with_its_sentence_its_example_and_its_schema(visitor):
    page = html.unescape(visitor.get("/catalogue").text)
    for name, kind in CATALOGUE.items():
        part = re.search(rf'<section class="event" id="{name}".*?</section>', page, re.DOTALL)[0]
        assert kind.description[1:] in part
        assert part.count("<pre") == 3
        assert "JSON schema" in part


def test_every_provider_is_named_with_what_it_may_tell(visitor):
    page = visitor.get("/catalogue").text
    for name in providers.load():
        assert f"<code>{name}.*</code>" in page
    assert "<code>heroku.api_release</code>" in page or "<code>heroku.api_release_" in page


def test_programs_get_the_same_and_each_example_is_as_its_schema_says(visitor):
    answer = visitor.get("/catalogue.json")
    assert answer.content_type == "application/json"
    known = answer.json["events"]
    assert set(CATALOGUE) < set(known)
    for facts in known.values():
        jsonschema_rs.validate(facts["schema"], facts["example"])
        jsonschema_rs.validate(facts["thin"]["schema"], facts["thin"]["example"])
