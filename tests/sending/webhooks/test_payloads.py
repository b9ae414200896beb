"""Payloads of messages: full, thin, or without the raw payload of the provider."""

import json

import jsonschema_rs
import pytest
import standardwebhooks
from hypothesis import given, settings
from hypothesis import strategies as st

from sending import provider_payloads
from sending.http.client import HttpClient
from sending.json_validation import ValidationError
from sending.webhooks import event_schemas, payloads
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from sending.webhooks.webhook_request import WebhookMessage
from tests.support.receivers import OK, answers, receiver
from tests.support.webhook_sender import SEAL

ORIGIN = "https://talk.example"
EXAMPLES = [*event_schemas.CATALOGUE, "github.star"]


def fitted(name, **wishes):
    message = WebhookMessage("msg_1", name, payloads.serialize(event_schemas.build_example(name)), 1, 1)
    return json.loads(payloads.build_payload(message, WebhookEndpoint("ep_1", (), **wishes), ORIGIN).body)


@pytest.mark.parametrize("name", EXAMPLES)
def test_thin_payload_has_only_ids_and_a_url(name):
    thin = fitted(name, payload_style="thin")
    jsonschema_rs.validate(event_schemas.build_schema(name, is_thin=True), thin)
    assert thin["data"]["url"] == "https://talk.example/api/events/msg_1"
    assert set(thin["data"]) <= {"id", "url", *payloads.THIN_FIELDS}


def test_endpoint_of_the_api_gets_the_full_payload(redis):
    assert fitted("github.star") == event_schemas.build_example("github.star")


def test_sms_subscriber_gets_summary_not_raw_payload():
    told = fitted("github.star", owner="+447700900201")
    jsonschema_rs.validate(event_schemas.build_schema("github.star"), told)
    assert told["data"]["payload"] is None
    assert told["data"]["summary"]


@pytest.mark.parametrize("payload", ["", "fat", "THIN"])
def test_invalid_payload_option_is_refused(redis, payload):
    with pytest.raises(ValidationError):
        stored_endpoints.create(redis, HttpClient(), SEAL, "https://hear.example", payload_style=payload)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), st.recursive(st.floats() | st.text(), st.lists, max_leaves=3), max_size=3))
def test_any_raw_payload_is_stored_as_json_or_dropped(facts):
    store = {}

    class Pipe:
        def execute_command(self, _set, key, words, *_):
            store[key] = words

        def mget(self, keys):
            return [store.get(key) for key in keys]

    (kept,) = provider_payloads.load_all(Pipe(), [provider_payloads.save(Pipe(), facts)])
    assert kept is None or isinstance(kept, dict)
    payloads.serialize({"data": kept})


def test_oversized_raw_payload_is_not_stored(redis):
    assert provider_payloads.save(redis, {"body": "x" * provider_payloads.MAX_PAYLOAD_BYTES}) == ""
    assert provider_payloads.save(redis, ["not", "an", "object"]) == ""
    assert provider_payloads.load_all(redis, [""]) == [None]


@pytest.mark.parametrize("payload", ["full", "thin"])
@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_event_type_is_sent_signed_and_matches_its_schema(sender, kind, payload):
    with receiver(answers(OK)) as there:
        id = sender.subscribe(there, payload_style=payload, event_types=(kind,))
        message = sender.publish(kind, **event_schemas.build_example(kind)["data"])
        assert sender.deliver(id, origin=ORIGIN) == 1
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    event = standardwebhooks.Webhook(sender.secret(id)).verify(body, headers)
    jsonschema_rs.validate(event_schemas.build_schema(kind, is_thin=payload == "thin"), event)
    assert (event["data"].get("url") == f"{ORIGIN}/api/events/{message}") is (payload == "thin")
