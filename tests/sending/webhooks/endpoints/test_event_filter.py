"""An endpoint's event filter is a JSON document that is cached as HTTP caching allows."""

import contextlib
import json
import time
from email.utils import formatdate

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sending.http.client import HttpClient
from sending.http.errors import RequestFailed
from sending.json_validation import ValidationError
from sending.webhooks import delivery_jobs, message_delivery, redelivery
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import key_rotation, stored_endpoints
from sending.webhooks.endpoints.event_filter import InvalidEventFilter, _parse
from sending.webhooks.queue import delivery_queue
from tests.support.receivers import OK, answers, never_answers, read_request, receiver
from tests.support.webhook_sender import delivery_state

SEAL = Encryption(["a secret key of these tests"])
CALLS = b'{"event_types": ["call.*"]}'
NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: max-age=60\r\n\r\n'


def document(body, *headers):
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Endpoint:
    """Takes webhooks at /hook, and has a list of its own elsewhere."""

    def __init__(self, redis, client, there, listed, **wishes):
        self.redis, self.client, self.listed = redis, client, listed
        url, place = f"http://hear.test:{there.port}/hook", f"http://hear.test:{listed.port}/wishes.json"
        self.id = stored_endpoints.create(redis, client, SEAL, url, http=True, event_filter=place, **wishes).id

    def hears(self, *kinds):
        """Send it these events; return the result of each."""
        ids = [delivery_jobs.deliver_later(self.redis, kind, {}) for kind in kinds]
        delivery_jobs.enqueue_due(self.redis)
        message_delivery.deliver(self.redis, self.client, SEAL, self.id, http=True)
        return [delivery_state(self.redis, id, self.id) for id in ids]

    def asked(self):
        """The heads of our requests for the list."""
        return [request.decode().lower() for request in self.listed.requests]


@pytest.fixture
def endpoint(redis, client):
    """An endpoint with a list that is answered like this, request by request."""

    def begin(*replies, behave=None, **wishes):
        there, listed = receiver(answers(OK)), receiver(behave or answers(*replies))
        begun.extend([there, listed])
        return Endpoint(redis, client, there.__enter__(), listed.__enter__(), **wishes)

    begun = []
    yield begin
    for one in begun:
        one.__exit__(None, None, None)


def test_filtered_event_is_not_sent(endpoint, redis):
    one = endpoint(document(CALLS))
    assert one.hears("call.ended", "text.received") == ["delivered", "filtered"]
    told = {row.event_type: (row.cause, row.detail) for row in delivery_queue.load_attempts(redis, one.id)}
    assert told["text.received"] == ("filtered", "The endpoint's event filter does not list text.received.")
    assert redis.zcard(f"endpoint:{one.id}:due") == 0


def test_filtered_event_is_not_a_failure(endpoint, redis):
    one = endpoint(document(CALLS))
    assert one.hears("text.received") == ["filtered"]
    assert not int(redis.hget(f"endpoint:{one.id}", "failures") or 0)


def test_filtered_event_does_not_disable_an_endpoint_that_has_failed_days_ago(endpoint, redis):
    """Nothing has been sent to it since, so it may be well again."""
    one = endpoint(document(CALLS))
    redis.hset(f"endpoint:{one.id}", mapping={"failures": 1, "failing_since": time.time() - 6 * 24 * 3600})
    assert one.hears("text.received") == ["filtered"]
    assert stored_endpoints.load(redis, one.id).state == "enabled"


def test_filter_only_narrows_the_event_types(endpoint):
    one = endpoint(document(b'{"event_types": ["call.*", "text.*"]}'), event_types=("call.ended",))
    delivery_jobs.deliver_later(one.redis, "text.received", {})
    assert one.hears("call.ended") == ["delivered"]
    assert len(delivery_queue.load_attempts(one.redis, one.id)) == 1


def test_empty_filter_blocks_all_events_but_examples(endpoint, redis):
    one = endpoint(document(b'{"event_types": []}'))
    assert one.hears("call.ended") == ["filtered"]
    redelivery.send_example(redis, one.id, "call.ended")
    message_delivery.deliver(redis, one.client, SEAL, one.id, http=True)
    assert delivery_queue.load_attempts(redis, one.id)[0].status == 200


@pytest.mark.parametrize("says", ["Cache-Control: max-age=60", "Cache-Control: private, max-age=60"])
def test_fresh_filter_is_not_requested_again(endpoint, says):
    one = endpoint(document(CALLS, says))
    for _ in range(3):
        assert one.hears("text.received") == ["filtered"]
    assert len(one.asked()) == 1


def test_stale_filter_is_revalidated_by_etag(endpoint):
    one = endpoint(
        document(CALLS, 'ETag: "1"', "Cache-Control: max-age=60"), NOT_MODIFIED, document(b'{"event_types": []}')
    )
    with time_machine.travel(time.time(), tick=True) as clock:
        one.hears("call.ended")
        clock.shift(61)
        assert one.hears("call.ended", "text.received") == ["delivered", "filtered"]
        one.hears("call.ended")  # the answer to the second question made it fresh
        assert len(one.asked()) == 2
        clock.shift(61)
        assert one.hears("call.ended") == ["filtered"]
    assert 'if-none-match: "1"' not in one.asked()[0]
    assert 'if-none-match: "1"' in one.asked()[1]


def test_filter_is_revalidated_by_last_modified(endpoint):
    changed = formatdate(time.time() - 60, usegmt=True)
    one = endpoint(document(CALLS, f"Last-Modified: {changed}", "Cache-Control: no-cache"))
    for _ in range(2):
        one.hears("call.ended")
    assert f"if-modified-since: {changed}".lower() in one.asked()[1]


def test_no_store_filter_is_requested_each_time(endpoint, redis):
    one = endpoint(document(CALLS, "Cache-Control: no-store", 'ETag: "1"'))
    for _ in range(2):
        one.hears("call.ended")
    assert [("if-none-match" in head) for head in one.asked()] == [False, False]
    assert redis.keys("cache:*") == []


def test_endpoints_do_not_share_the_cache(endpoint, redis, client):
    one = endpoint(document(CALLS, "Cache-Control: max-age=60"))
    one.hears("call.ended")
    place = stored_endpoints.load(redis, one.id).event_filter
    other = stored_endpoints.create(redis, client, SEAL, "http://hear.test:1/", http=True, event_filter=place)
    delivery_jobs.deliver_later(redis, "call.ended", {})
    delivery_jobs.enqueue_due(redis)
    message_delivery.deliver(redis, client, SEAL, other.id, http=True)
    assert len(one.asked()) == 2
    key_rotation.rotate_key(redis, SEAL, one.id)  # nor does the cache outlive a key rotation
    one.hears("call.ended")
    assert len(one.asked()) == 3


def test_filter_on_another_host_gets_no_credentials(endpoint, redis, client):
    baked = document(CALLS, "Cache-Control: max-age=60", "Set-Cookie: id=abracadabra")
    one = endpoint(baked, authorization="Bearer s3cret")
    one.hears("call.ended")
    assert "s3cret" not in one.asked()[0]
    same = f"http://hear.test:{one.listed.port}/hook"
    stored_endpoints.update(redis, client, SEAL, one.id, http=True, url=same)
    one.hears("call.ended")
    assert "authorization: bearer s3cret" in one.asked()[1]
    kept = b"".join(value for key in redis.keys("cache:entry:*") for value in [redis.get(key)])
    assert b"max-age" in kept
    for secret in (b"s3cret", b"abracadabra"):
        assert secret not in kept


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
        document(b"no JSON"),
        document(b"[" * 15_000),
        document(b'{"event_types": "call.*"}'),
        document(b'{"event_types": [7]}'),
        document(b'{"event_types": []}' + b" " * 20_000),
        document(json.dumps({"event_types": ["call.*"] * 101}).encode()),
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
    ],
)
def test_unreadable_filter_is_ignored(endpoint, reply):
    assert endpoint(reply).hears("call.ended", "text.received") == ["delivered", "delivered"]


def test_hanging_filter_is_ignored_after_a_short_timeout(endpoint, monkeypatch):
    monkeypatch.setattr("sending.webhooks.endpoints.event_filter.FETCH_TIMEOUT_SECONDS", 0.2)
    one, limits, request = endpoint(behave=never_answers), [], HttpClient.request
    noting = lambda self, *a, **k: limits.append(k.get("total_timeout")) or request(self, *a, **k)  # noqa: E731
    monkeypatch.setattr(HttpClient, "request", noting)
    assert one.hears("text.received") == ["delivered"]
    assert limits == [0.2, None]


def test_filter_is_requested_once_per_batch(endpoint):
    def behave(connection):
        while read_request(connection):
            connection.sendall(document(CALLS, "Cache-Control: no-store"))

    one = endpoint(behave=behave)
    message_delivery.deliver(one.redis, one.client, SEAL, one.id, http=True)
    assert one.asked() == []
    one.hears("call.ended", "call.ended", "call.ended")
    assert len(one.asked()) == 1


@pytest.mark.parametrize("place", ["http://hear.example/", "https://127.1/", "https://hear.example/hook"])
def test_filter_url_must_be_https_and_differ_from_the_endpoint(redis, place):
    with pytest.raises((RequestFailed, ValidationError)):
        stored_endpoints.create(redis, HttpClient(), SEAL, "https://hear.example/hook", event_filter=place)


@given(
    st.integers(100, 599),
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text(), st.lists).map(lambda kinds: json.dumps({"event_types": kinds}).encode()),
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_document_is_a_filter_or_unreadable(status, body):
    with contextlib.suppress(InvalidEventFilter):
        assert all(isinstance(kind, str) for kind in _parse(status, body))
