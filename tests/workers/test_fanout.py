"""Each event reaches its endpoints and followers once, from their subscription on."""

import json
import time
from dataclasses import replace
from types import SimpleNamespace

import jsonschema_rs
import pytest

import events
from sending import followers, opt_outs, outbox, provider_payloads
from sending.http.client import HttpClient
from sending.webhooks import delivery_jobs, event_schemas
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import key_rotation, stored_endpoints
from sending.webhooks.queue.messages import NEW_KEY
from tests.support.environment import SECRETS
from tests.support.waiting import eventually
from workers import answer_delivery, fanout, follower_notifications, sweep

SEAL = Encryption(["a secret key"])
ADA, BOB = "+447700900201", "+447700900202"


@pytest.fixture(autouse=True)
def gateway(redis, settings, monkeypatch):
    """A Twilio gateway without PUBLIC_URL."""
    telephone = SimpleNamespace(redis=redis, settings=replace(settings, public_url=""))
    monkeypatch.setattr(answer_delivery, "get_gateway", lambda: telephone)


@pytest.fixture
def caught_up(redis):
    """The event stream has been read to its end once, as in any running app."""
    events.publish(redis, "sending.resumed")
    fanout.fan_out(redis)
    return redis


def add_endpoint(redis, *event_types):
    # no endpoint.*: an endpoint would get the event of its own creation
    event_types = event_types or ("text.*", "call.*", "github.*")
    return stored_endpoints.create(redis, HttpClient(), SEAL, "https://hear.example/hook", event_types=event_types)


def publish_push(redis, line="ada pushed", event="push"):
    events.publish(redis, "webhook.received", provider="github", event=event, summary=line)


def messages(redis):
    return [json.loads(row[b"body"]) for _, row in redis.xrange(NEW_KEY)]


def notification_texts(redis):
    """(number, body) of each notification text."""
    follower_notifications.plan_due(redis)
    found = [outbox.load(redis, id.decode()) for id in redis.zrange(follower_notifications.WAITING_KEY, 0, -1)]
    return sorted((effect.to, effect.body) for effect in found)


def test_endpoint_gets_only_its_event_types(caught_up):
    add_endpoint(caught_up, "text.*", "github.push")
    events.publish(caught_up, "text.received", "SM1", who="+44 ••• 201", words="grüezi")
    events.publish(caught_up, "call.received", "CA1", who="+44 ••• 201")
    publish_push(caught_up)
    assert fanout.fan_out(caught_up) == 2
    assert [message["type"] for message in messages(caught_up)] == ["text.received", "github.push"]
    assert messages(caught_up)[0]["data"] == {"subject": "SM1", "who": "+44 ••• 201", "words": "grüezi"}


def test_raw_payload_is_deleted_after_fanout(caught_up):
    for subscribed in (False, True):
        if subscribed:
            add_endpoint(caught_up)
        original = provider_payloads.save(caught_up, {"words": "of theirs"})
        events.publish(
            caught_up, "webhook.received", provider="github", event="push", summary="a push", raw_payload=original
        )
        fanout.fan_out(caught_up)
        assert caught_up.keys("raw_payload:*") == []
    assert messages(caught_up)[0]["data"]["payload"] == {"words": "of theirs"}


def test_messages_of_a_conversation_match_the_catalogue(caught_up, person):
    add_endpoint(caught_up)
    person.texts("time")
    person.dials()
    fanout.fan_out(caught_up)
    found = messages(caught_up)
    assert {"text.received", "text.answered", "call.received"} <= {message["type"] for message in found}
    for message in found:
        jsonschema_rs.validate(event_schemas.build_schema(message["type"]), message)


def test_repeated_fanout_plans_nothing_twice(caught_up):
    add_endpoint(caught_up)
    publish_push(caught_up)
    assert [fanout.fan_out(caught_up) for _ in range(3)] == [1, 0, 0]
    assert len(messages(caught_up)) == 1


def test_concurrent_fanout_plans_each_event_once(caught_up, monkeypatch):
    add_endpoint(caught_up)
    followers.follow(caught_up, ADA, "github")
    publish_push(caught_up)
    read = events.read_after

    def while_another_reads(redis, last, count):
        monkeypatch.setattr(events, "read_after", read)
        assert fanout.fan_out(caught_up) == 1
        return read(redis, last, count)

    monkeypatch.setattr(events, "read_after", while_another_reads)
    assert fanout.fan_out(caught_up) == 0
    assert len(messages(caught_up)) == len(notification_texts(caught_up)) == 1


def test_fanout_that_dies_before_commit_plans_nothing(caught_up, monkeypatch):
    add_endpoint(caught_up)
    publish_push(caught_up)
    with monkeypatch.context() as broken:
        broken.setattr(fanout, "commit_if_unchanged", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            fanout.fan_out(caught_up)
    assert messages(caught_up) == []
    assert fanout.fan_out(caught_up) == 1


def test_new_subscriptions_get_no_past_events(caught_up):
    publish_push(caught_up, "long ago")
    fanout.fan_out(caught_up)
    add_endpoint(caught_up)
    followers.follow(caught_up, ADA, "github")
    assert fanout.fan_out(caught_up) == 0
    publish_push(caught_up, "now")
    assert fanout.fan_out(caught_up) == 1
    assert notification_texts(caught_up) == [(ADA, "now")]


def test_events_from_a_time_without_workers_are_all_fanned_out(caught_up):
    add_endpoint(caught_up, "github.*")
    for number in range(fanout.MAX_EVENTS_PER_BATCH + 10):
        publish_push(caught_up, f"push {number}")
    assert fanout.fan_out(caught_up) == fanout.MAX_EVENTS_PER_BATCH + 10


def test_follower_gets_the_summary_as_a_text(caught_up):
    followers.follow(caught_up, ADA, "github")
    followers.follow(caught_up, BOB, "github.issues")
    publish_push(caught_up, "ada pushed 2 commits")
    fanout.fan_out(caught_up)
    assert notification_texts(caught_up) == [(ADA, "ada pushed 2 commits")]


def test_stop_ends_subscriptions_even_after_start(caught_up):
    followers.follow(caught_up, ADA, "github")
    opt_outs.opt_out(caught_up, ADA, SECRETS)
    publish_push(caught_up)
    fanout.fan_out(caught_up)
    opt_outs.opt_in(caught_up, ADA, SECRETS)
    publish_push(caught_up)
    fanout.fan_out(caught_up)
    assert notification_texts(caught_up) == []
    assert followers.list_topics(caught_up, ADA) == []


def test_number_of_topics_per_follower_is_limited(caught_up):
    for number in range(followers.MAX_TOPICS_PER_NUMBER):
        followers.follow(caught_up, ADA, f"github.thing{number}")
    followers.follow(caught_up, ADA, "github.thing0")
    with pytest.raises(followers.TooManyTopics):
        followers.follow(caught_up, ADA, "stripe")
    assert followers.unfollow(caught_up, ADA, "github.thing0") == 1
    assert followers.unfollow(caught_up, ADA) == followers.MAX_TOPICS_PER_NUMBER - 1
    assert followers.list_topics(caught_up, ADA) == []
    assert not followers.is_followed(caught_up, "github.thing1")


def test_sweep_fans_out_and_enqueues_a_delivery_job(caught_up):
    add_endpoint(caught_up)
    publish_push(caught_up)
    assert sweep.sweep(caught_up) == 2  # one event fanned out, one job enqueued
    assert delivery_jobs.get_queue(caught_up).count == 1


def test_message_has_the_raw_payload_or_null_if_it_expired(caught_up):
    add_endpoint(caught_up)
    for name in (provider_payloads.save(caught_up, {"zen": "grüezi \ud800"}), "gone", ""):
        events.publish(
            caught_up, "webhook.received", provider="github", event="ping", summary="hello", raw_payload=name
        )
    fanout.fan_out(caught_up)
    found = messages(caught_up)[-3:]
    assert [message["data"]["payload"] for message in found] == [{"zen": "grüezi ?"}, None, None]
    for message in found:
        jsonschema_rs.validate(event_schemas.build_schema("github.ping"), message)


def test_every_change_of_an_endpoint_is_an_event_that_matches_the_catalogue(caught_up):
    add_endpoint(caught_up, "endpoint.*")
    other = add_endpoint(caught_up, "call.*").id
    stored_endpoints.update(caught_up, HttpClient(), SEAL, other, rate_limit=3)
    key_rotation.rotate_key(caught_up, SEAL, other)
    stored_endpoints.pause(caught_up, other)
    stored_endpoints.resume(caught_up, other)
    stored_endpoints.disable(caught_up, other, "The endpoint returned 410 Gone, so we disabled it.")
    stored_endpoints.delete(caught_up, other)
    fanout.fan_out(caught_up)
    found = [message for message in messages(caught_up) if message["data"]["endpoint"] == other]
    told = ["created", "updated", "rotated", "paused", "resumed", "disabled", "deleted"]
    assert [message["type"].partition(".")[2] for message in found] == told
    for message in found:
        jsonschema_rs.validate(event_schemas.build_schema(message["type"]), message)
    assert found[-2]["data"] == {
        "endpoint": other,
        "host": "hear.example",
        "event_types": ["call.*"],
        "state": "disabled",
        "reason": "The endpoint returned 410 Gone, so we disabled it.",
    }


def test_first_fanout_starts_at_the_subscription(redis):
    publish_push(redis, "long ago")
    at = time.time()
    eventually(lambda: time.time() > at + 0.001)  # the stream's ids have milliseconds
    add_endpoint(redis, "github.*")
    publish_push(redis, "now")
    assert fanout.fan_out(redis) == 1
    assert [message["data"]["summary"] for message in messages(redis)] == ["now"]


def test_event_in_the_millisecond_of_the_subscription_is_passed_on(redis):
    created_at = add_endpoint(redis, "github.*").created_at
    publish_push(redis, "now")
    _, row = redis.xrange(events.STREAM_KEY)[-1]
    redis.delete(events.STREAM_KEY)
    redis.xadd(events.STREAM_KEY, row, id=f"{int(1000 * created_at)}-0")
    assert fanout.fan_out(redis) == 1
