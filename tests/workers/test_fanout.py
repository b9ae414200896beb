"""Who wants to hear of something hears of it: once, and only from then on."""

import json
import time
from dataclasses import replace
from types import SimpleNamespace

import jsonschema_rs
import pytest

import events
from sending import followers, opt_outs, outbox, raw_payloads
from sending.http.client import HttpClient
from sending.webhooks import catalogue, dispatch, endpoints
from sending.webhooks.encryption import Encryption
from tests.support.waiting import eventually
from workers import callbacks, fanout, notifications, sweep

SEAL = Encryption(["a secret key"])
ADA, BOB = "+447700900201", "+447700900202"


@pytest.fixture(autouse=True)
def nowhere(redis, settings, monkeypatch):
    """A telephone that nobody reaches by web."""
    telephone = SimpleNamespace(redis=redis, settings=replace(settings, public_url=""))
    monkeypatch.setattr(callbacks, "get_gateway", lambda: telephone)


@pytest.fixture
def begun(redis):
    """The stream has been read to its end once, as in any running house."""
    events.publish(redis, "sending.resumed")
    fanout.fan_out(redis)
    return redis


def subscribes(redis, *kinds):
    kinds = kinds or ("text.*", "call.*", "github.*")  # not of subscribers: nobody is told of itself here
    return endpoints.create(redis, HttpClient(), SEAL, "https://hear.example/hook", event_types=kinds)


def pushes(redis, line="ada pushed", event="push"):
    events.publish(redis, "webhook.received", provider="github", event=event, summary=line)


def messages(redis):
    return [
        json.loads(redis.hget(f"message:{id.decode()}", "body"))
        for id in redis.zrange(dispatch.NEW_MESSAGES_KEY, 0, -1)
    ]


def texts(redis):
    """What is to be texted, after followers were found and all of it may leave."""
    notifications.plan_due(redis)
    found = [outbox.load(redis, id.decode()) for id in redis.zrange(notifications.WAITING_KEY, 0, -1)]
    return sorted((effect.to, effect.body) for effect in found)


def test_a_subscriber_hears_what_it_asked_for_and_nothing_else(begun):
    subscribes(begun, "text.*", "github.push")
    events.publish(begun, "text.received", "SM1", who="+44 ••• 201", words="grüezi")
    events.publish(begun, "call.received", "CA1", who="+44 ••• 201")
    pushes(begun)
    assert fanout.fan_out(begun) == 2
    assert [message["type"] for message in messages(begun)] == ["text.received", "github.push"]
    assert messages(begun)[0]["data"] == {"subject": "SM1", "who": "+44 ••• 201", "words": "grüezi"}


def test_what_nobody_could_be_told_any_more_is_in_the_log(begun, caplog):
    subscribes(begun, "text.*")
    for number in range(3):
        events.publish(begun, "text.received", f"SM{number}", words="hello")
    begun.xtrim(events.STREAM_KEY, maxlen=2, approximate=False)
    assert fanout.fan_out(begun) == 2
    assert "were trimmed" in caplog.text


def test_another_providers_words_are_forgotten_when_they_were_passed_on_or_nobody_wants_them(begun):
    for subscribed in (False, True):
        if subscribed:
            subscribes(begun)
        original = raw_payloads.save(begun, {"words": "of theirs"})
        events.publish(
            begun, "webhook.received", provider="github", event="push", summary="a push", raw_payload=original
        )
        fanout.fan_out(begun)
        assert begun.keys("raw_payload:*") == []
    assert messages(begun)[0]["data"]["payload"] == {"words": "of theirs"}


def test_what_happens_in_a_real_conversation_is_as_the_catalogue_says(begun, person):
    subscribes(begun)
    person.texts("time")
    person.dials()
    fanout.fan_out(begun)
    found = messages(begun)
    assert {"text.received", "text.answered", "call.received"} <= {message["type"] for message in found}
    for message in found:
        jsonschema_rs.validate(catalogue.build_schema(message["type"]), message)


def test_nothing_is_planned_twice_however_often_it_is_looked(begun):
    subscribes(begun)
    pushes(begun)
    assert [fanout.fan_out(begun) for _ in range(3)] == [1, 0, 0]
    assert len(messages(begun)) == 1


def test_two_that_read_at_once_plan_each_event_once(begun, monkeypatch):
    subscribes(begun)
    followers.follow(begun, ADA, "github")
    pushes(begun)
    read = events.read_after

    def while_another_does_it(redis, last, count):
        monkeypatch.setattr(events, "read_after", read)
        assert fanout.fan_out(begun) == 1
        return read(redis, last, count)

    monkeypatch.setattr(events, "read_after", while_another_does_it)
    assert fanout.fan_out(begun) == 0
    assert len(messages(begun)) == len(texts(begun)) == 1


def test_who_dies_before_the_end_has_planned_nothing_and_the_next_one_does_it(begun, monkeypatch):
    subscribes(begun)
    pushes(begun)
    with monkeypatch.context() as broken:
        broken.setattr(fanout, "commit_if_unchanged", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            fanout.fan_out(begun)
    assert messages(begun) == []
    assert fanout.fan_out(begun) == 1


def test_who_comes_later_does_not_hear_the_past(begun):
    pushes(begun, "long ago")
    fanout.fan_out(begun)
    subscribes(begun)
    followers.follow(begun, ADA, "github")
    assert fanout.fan_out(begun) == 0
    pushes(begun, "now")
    assert fanout.fan_out(begun) == 1
    assert texts(begun) == [(ADA, "now")]


def test_what_happened_while_nobody_worked_is_told_afterwards_all_of_it(begun):
    subscribes(begun, "github.*")
    for number in range(fanout.MAX_EVENTS_PER_BATCH + 10):
        pushes(begun, f"push {number}")
    assert fanout.fan_out(begun) == fanout.MAX_EVENTS_PER_BATCH + 10


def test_a_follower_gets_a_text_with_the_providers_own_line(begun):
    followers.follow(begun, ADA, "github")
    followers.follow(begun, BOB, "github.issues")
    pushes(begun, "ada pushed 2 commits")
    fanout.fan_out(begun)
    assert texts(begun) == [(ADA, "ada pushed 2 commits")]


def test_who_texts_stop_follows_nothing_also_after_start(begun):
    followers.follow(begun, ADA, "github")
    opt_outs.opt_out(begun, ADA)
    pushes(begun)
    fanout.fan_out(begun)
    opt_outs.opt_in(begun, ADA)
    pushes(begun)
    fanout.fan_out(begun)
    assert texts(begun) == []
    assert followers.list_topics(begun, ADA) == []


def test_nobody_follows_more_than_so_much(begun):
    for number in range(followers.MAX_TOPICS_PER_NUMBER):
        followers.follow(begun, ADA, f"github.thing{number}")
    followers.follow(begun, ADA, "github.thing0")
    with pytest.raises(followers.TooManyTopics):
        followers.follow(begun, ADA, "stripe")
    assert followers.unfollow(begun, ADA, "github.thing0") == 1
    assert followers.unfollow(begun, ADA) == followers.MAX_TOPICS_PER_NUMBER - 1
    assert followers.list_topics(begun, ADA) == []
    assert not followers.is_followed(begun, "github.thing1")


def test_the_sweep_gives_workers_something_to_deliver(begun):
    subscribes(begun)
    pushes(begun)
    assert sweep.sweep(begun) == 2  # one event told, one job made
    assert dispatch.get_queue(begun).count == 1


def test_a_providers_own_words_go_along_and_nothing_of_them_when_they_are_gone(begun):
    subscribes(begun)
    for name in (raw_payloads.save(begun, {"zen": "grüezi \ud800"}), "gone", ""):
        events.publish(begun, "webhook.received", provider="github", event="ping", summary="hello", raw_payload=name)
    fanout.fan_out(begun)
    found = messages(begun)[-3:]
    assert [message["data"]["payload"] for message in found] == [{"zen": "grüezi ?"}, None, None]
    for message in found:
        jsonschema_rs.validate(catalogue.build_schema("github.ping"), message)


def test_every_change_of_a_subscriber_is_told_to_the_others_as_the_catalogue_says(begun):
    subscribes(begun, "endpoint.*")
    other = subscribes(begun, "call.*").id
    endpoints.update(begun, HttpClient(), SEAL, other, rate_limit=3)
    endpoints.rotate_key(begun, SEAL, other)
    endpoints.pause(begun, other)
    endpoints.resume(begun, other)
    endpoints.disable(begun, other, "The endpoint returned 410 Gone, so we disabled it.")
    endpoints.delete(begun, other)
    fanout.fan_out(begun)
    found = [message for message in messages(begun) if message["data"]["endpoint"] == other]
    told = ["created", "updated", "rotated", "paused", "resumed", "disabled", "deleted"]
    assert [message["type"].partition(".")[2] for message in found] == told
    for message in found:
        jsonschema_rs.validate(catalogue.build_schema(message["type"]), message)
    assert found[-2]["data"] == {
        "endpoint": other,
        "host": "hear.example",
        "event_types": ["call.*"],
        "state": "disabled",
        "reason": "The endpoint returned 410 Gone, so we disabled it.",
    }


def test_what_happens_before_the_first_worker_ever_ran_is_told_to_who_subscribed_before(redis):
    pushes(redis, "long ago")
    at = time.time()
    eventually(lambda: time.time() > at + 0.001)  # the stream's ids are milliseconds
    subscribes(redis, "github.*")
    pushes(redis, "now")
    assert fanout.fan_out(redis) == 1
    assert [message["data"]["summary"] for message in messages(redis)] == ["now"]
