"""Credentials of endpoints: used for the endpoint, encrypted, and kept when SECRET_KEY rotates."""

import json
import logging
import time
from dataclasses import replace

import pytest

import events
from cli.reencrypt import reencrypt_all
from scripts import release
from sending.json_validation import ValidationError
from sending.webhooks import delivery_jobs, message_delivery
from sending.webhooks.encryption import Encryption, WrongKey
from sending.webhooks.endpoints import cookies, key_rotation, stored_endpoints
from sending.webhooks.endpoints.credentials import decrypt_credentials
from sending.webhooks.queue import delivery_queue
from tests.support.receivers import OK, answers, receiver

OLD, NEW = "the old secret key", "the new secret key"
SEAL = Encryption([OLD])
BAKED = (
    b"HTTP/1.1 200 OK\r\nSet-Cookie: session=abc; Path=/\r\nSet-Cookie: b=2; Max-Age=60\r\nContent-Length: 0\r\n\r\n"
)
LOCKED = "SECRET_KEY has changed since this was encrypted: set it to the new and old values, separated by a comma."


@pytest.fixture
def subscribes(redis, client):
    def subscribe(there, **wishes):
        url = f"http://receiver.test:{there.port}/hook"
        return stored_endpoints.create(redis, client, SEAL, url, http=True, **wishes).id

    return subscribe


@pytest.fixture
def sends(redis, client):
    """Send one more message at once; return how many were tried."""

    def send(id, seal=SEAL):
        delivery_jobs.deliver_later(redis, "text.received", {"words": "grüezi"})
        delivery_jobs.enqueue_due(redis)
        return message_delivery.deliver(redis, client, seal, id, http=True)

    return send


def cookie_in(request):
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return next((line[8:] for line in lines if line.startswith("Cookie: ")), "")


def everything_in(redis):
    """Everything that a copy of the store reveals."""
    return b"".join(redis.dump(key) + key for key in redis.scan_iter())


def test_credentials_are_sent_but_not_recorded(subscribes, sends, redis):
    redis.config_set("rdbcompression", "no")
    with receiver(answers(OK)) as there:
        id = subscribes(there, authorization="Bearer s3cret", headers={"X-Team": "marigold"})
        sends(id)
    assert b"Authorization: Bearer s3cret\r\n" in there.requests[0]
    assert b"X-Team: marigold\r\n" in there.requests[0]
    (row,) = delivery_queue.load_attempts(redis, id)
    assert (row.request_headers["X-Team"], row.request_headers["Authorization"]) == ("•••", "•••")
    key = SEAL.decrypt(stored_endpoints.load(redis, id).keys[0].encrypted)
    store = everything_in(redis)
    assert b"receiver.test" in store  # so the search would find it
    for secret in ("s3cret", "marigold", key, key.removeprefix("whsec_")):
        assert secret.encode() not in store


def test_traceback_has_no_credentials(redis, subscribes):
    with receiver(answers(OK)) as there:
        id = subscribes(there, authorization="Bearer s3cret", cookies=True)
    ours = decrypt_credentials(redis, SEAL, stored_endpoints.load(redis, id), time.time())
    assert ours.headers == {"Authorization": "Bearer s3cret"}
    assert "s3cret" not in repr(ours)
    assert ours.keys[0] not in repr(ours)


def test_deliveries_continue_during_a_key_rotation(subscribes, sends, redis):
    with receiver(answers(OK)) as there:
        id = subscribes(there, authorization="Bearer x")
        assert sends(id, seal=Encryption([NEW, OLD])) == 1
        key_rotation.reencrypt(redis, Encryption([NEW, OLD]), id)
        assert sends(id, seal=Encryption([NEW])) == 1
    assert there.requests[1].count(b"Authorization: Bearer x\r\n") == 1


def test_lost_secret_key_pauses_the_endpoint_with_a_reason(subscribes, sends, redis, client, caplog):
    with receiver(answers(OK)) as there:
        id = subscribes(there)
        with caplog.at_level(logging.ERROR):
            assert sends(id, seal=Encryption([NEW])) == 0
        paused = stored_endpoints.load(redis, id)
        assert (paused.state, paused.state_reason) == ("paused", f"{LOCKED} Then resume the endpoint.")
        assert f"No webhooks are sent to receiver.test: {LOCKED}" in caplog.text
        assert events.read_latest(redis, 1)[0].type == "endpoint.paused"
        sends(id, seal=Encryption([NEW]))  # it waits with the other
        stored_endpoints.resume(redis, id)
        assert message_delivery.deliver(redis, client, Encryption([NEW, OLD]), id, http=True) == 2


def test_rotating_the_key_recovers_from_a_lost_secret_key(subscribes, sends, redis):
    with receiver(answers(OK)) as there:
        id = subscribes(there)
        with pytest.raises(WrongKey):
            key_rotation.reencrypt(redis, Encryption([NEW]), id)
        assert len(key_rotation.rotate_key(redis, Encryption([NEW]), id).keys) == 1
        assert sends(id, seal=Encryption([NEW])) == 1


def test_cookies_are_off_by_default(subscribes, sends, redis):
    with receiver(answers(BAKED)) as there:
        id = subscribes(there)
        for _ in range(2):
            sends(id)
    assert [cookie_in(request) for request in there.requests] == ["", ""]
    assert not redis.exists(cookies.redis_key(id))


def test_cookies_are_sent_back_on_request(subscribes, sends, redis):
    with receiver(answers(BAKED, OK)) as there:
        one, other = subscribes(there, cookies=True), subscribes(there, cookies=True)
        sends(one)
        sends(one)
        sends(other)
    assert [cookie_in(request) for request in there.requests[:2]] == ["", "session=abc; b=2"]
    assert {cookie_in(request) for request in there.requests[2:]} == {""}
    rows = json.dumps([vars(row) for row in delivery_queue.load_attempts(redis, one)])
    assert "session" not in rows


@pytest.mark.parametrize(
    "change",
    [
        lambda redis, client, id: key_rotation.rotate_key(redis, SEAL, id),
        lambda redis, client, id: stored_endpoints.update(redis, client, SEAL, id, url="https://other.test/"),
        lambda redis, client, id: stored_endpoints.update(redis, client, SEAL, id, http=True, authorization="Bearer y"),
        lambda redis, client, id: stored_endpoints.update(
            redis, client, SEAL, id, http=True, headers={"X-Api-Key": "y"}
        ),
        lambda redis, client, id: stored_endpoints.update(redis, client, SEAL, id, http=True, cookies=False),
        lambda redis, client, id: stored_endpoints.delete(redis, id),
    ],
    ids=["rotated", "moved", "another login", "another key in a header", "no cookies any more", "forgotten"],
)
def test_changes_of_identity_delete_the_cookies(subscribes, sends, redis, client, change):
    with receiver(answers(BAKED)) as there:
        id = subscribes(there, cookies=True)
        sends(id)
    assert redis.exists(cookies.redis_key(id))
    change(redis, client, id)
    assert not redis.exists(cookies.redis_key(id))


def test_other_changes_keep_the_cookies(subscribes, sends, redis, client):
    with receiver(answers(BAKED)) as there:
        id = subscribes(there, cookies=True)
        sends(id)
    stored_endpoints.update(redis, client, SEAL, id, http=True, rate_limit=5)
    assert redis.exists(cookies.redis_key(id))


def test_body_signature_needs_a_shared_secret(subscribes, redis, client):
    with receiver(answers(OK)) as there:
        id = subscribes(there)
    key_rotation.rotate_key(redis, SEAL, id, private=True)
    with pytest.raises(ValidationError, match="requires a shared secret"):
        stored_endpoints.update(redis, client, SEAL, id, http=True, sign_body=True)
    key_rotation.rotate_key(redis, SEAL, id)
    stored_endpoints.update(redis, client, SEAL, id, http=True, sign_body=True)
    with pytest.raises(ValidationError, match="requires a shared secret"):
        key_rotation.rotate_key(redis, SEAL, id, private=True)


def test_reencryption_allows_dropping_the_old_secret_key(subscribes, sends, redis, client):
    with receiver(answers(OK)) as there:
        id, resting = subscribes(there), subscribes(there)
        sends(id, seal=Encryption([NEW]))
        stored_endpoints.pause(redis, resting)
        assert reencrypt_all(redis, Encryption([NEW, OLD])) == (2, [])
        assert "endpoint.updated" not in [event.type for event in events.read_latest(redis, 100)]
        assert [stored_endpoints.load(redis, one).state for one in (id, resting)] == ["enabled", "paused"]
        assert message_delivery.deliver(redis, client, Encryption([NEW]), id, http=True) == 1


def test_undecryptable_endpoint_is_named(subscribes, redis):
    with receiver(answers(OK)) as there:
        id = subscribes(there)
    assert reencrypt_all(redis, Encryption([NEW])) == (0, [id])


def test_release_step_reports_undecryptable_credentials(subscribes, redis, settings):
    assert list(release._check_locked_endpoints(settings)) == []
    with receiver(answers(OK)) as there:
        subscribes(there)
    (reason,) = release._check_locked_endpoints(settings)
    assert reason == f"{LOCKED} Affected webhook endpoints: 1."
    both = replace(settings, secret_key=(*settings.secret_key, OLD))
    assert list(release._check_locked_endpoints(both)) == []
