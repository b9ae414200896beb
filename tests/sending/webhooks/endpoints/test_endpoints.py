"""Webhook endpoints: creation, validation, subscriptions, key rotation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.http.client import HttpClient
from sending.http.errors import RequestFailed
from sending.json_validation import ValidationError
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import key_rotation, stored_endpoints
from sending.webhooks.endpoints.custom_headers import check_headers
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from tests.support.receivers import leads_to

CLIENT = HttpClient(resolver=leads_to("8.8.8.8"))
SEAL = Encryption(["a secret key of these tests"])
URL = "https://hear.example/hook"


def test_each_endpoint_has_its_own_secret(redis):
    first, second = [stored_endpoints.create(redis, CLIENT, SEAL, URL) for _ in range(2)]
    keys = [SEAL.decrypt(one.keys[0].encrypted) for one in (first, second)]
    assert keys[0] != keys[1]
    assert keys[0].startswith("whsec_")
    assert stored_endpoints.load(redis, first.id) == first
    assert [one.id for one in stored_endpoints.load_all(redis)] == [first.id, second.id]


def test_url_is_normalized(redis):
    assert stored_endpoints.create(redis, CLIENT, SEAL, "HTTPS://Hear.Example:443#x").url == "https://hear.example/"


@pytest.mark.parametrize("url", ["http://hear.example/", "https://user:pass@hear.example/", "https://127.1/", ""])
def test_invalid_url_is_refused(redis, url):
    with pytest.raises((RequestFailed, ValidationError)):
        stored_endpoints.create(redis, CLIENT, SEAL, url)
    with pytest.raises(RequestFailed):
        stored_endpoints.create(redis, CLIENT, SEAL, URL, fallback_url=url or "https://x@y/")
    assert list(stored_endpoints.load_all(redis)) == []


@pytest.mark.parametrize(
    "wishes",
    [
        {"event_types": ("text received",)},
        {"event_types": ("**",)},
        {"event_types": ("*.received",)},
        {"max_concurrency": 0},
        {"max_concurrency": 1000},
        {"rate_limit": -1},
        {"headers": {"Host": "x"}},
        {"headers": {"webhook-id": "x"}},
        {"headers": {"x-hub-signature-256": "x"}},
        {"headers": {"Content-Length": "1"}},
        {"headers": {"X-Key": "a\r\nb"}},
        {"headers": {"X Key": "a"}},
        {"headers": {f"X-{n}": "a" for n in range(11)}},
        {"authorization": "Basic ü"},
        {"authorization": "Bearer a\nb"},
    ],
)
def test_invalid_option_is_refused(redis, wishes):
    with pytest.raises(ValidationError):
        stored_endpoints.create(redis, CLIENT, SEAL, URL, **wishes)


@pytest.mark.parametrize(
    ("event_types", "event_type", "wanted"),
    [
        ((), "text.received", True),
        (("*",), "text.received", True),
        (("text.received",), "text.received", True),
        (("text.*", "call.ended"), "text.received", True),
        (("text.*",), "texts.received", False),
        (("text.received",), "text.sent", False),
    ],
)
def test_event_types_select_events(event_types, event_type, wanted):
    assert WebhookEndpoint("ep_1", (), event_types=event_types).subscribes_to(event_type) is wanted


def test_both_keys_sign_during_a_rotation(redis):
    old = stored_endpoints.create(redis, CLIENT, SEAL, URL)
    new = key_rotation.rotate_key(redis, SEAL, old.id, private=True, now=1_000.0, overlap=60)
    assert [key.encrypted for key in new.signing_keys(1_059)] == [new.keys[0].encrypted, old.keys[0].encrypted]
    assert new.signing_keys(1_061) == [new.keys[0]]
    assert SEAL.decrypt(new.keys[0].encrypted).startswith("whsk_")
    third = key_rotation.rotate_key(redis, SEAL, old.id, now=2_000.0)
    assert len(third.keys) == 2  # the first one's time is over, so it is forgotten


def test_endpoint_can_be_changed_paused_resumed_and_deleted(redis):
    id = stored_endpoints.create(redis, CLIENT, SEAL, URL).id
    assert stored_endpoints.update(redis, CLIENT, SEAL, id, event_types=("call.*",)).event_types == ("call.*",)
    assert stored_endpoints.pause(redis, id).state == "paused"
    assert stored_endpoints.resume(redis, id).state == "enabled"
    with pytest.raises(ValidationError):
        stored_endpoints.update(redis, CLIENT, SEAL, id, rate_limit=-1)
    stored_endpoints.delete(redis, id)
    assert stored_endpoints.load(redis, id) is None
    assert redis.keys("endpoint*") == []
    with pytest.raises(stored_endpoints.EndpointNotFound):
        stored_endpoints.pause(redis, id)


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=30), max_size=3), st.text(max_size=20))
def test_any_headers_are_sendable_or_refused(headers, authorization):
    try:
        check_headers(headers, authorization)
    except ValidationError:
        return
    for text in [*headers, *headers.values(), authorization]:
        assert text.isascii()
        assert text.isprintable()
