"""Followers who asked for calls are called and hear what happened."""

import time

import pytest

from sending import followers, outbox, pacing
from sending.outbox import OutboundMessage
from tests.support.person import ME

CALL = "CA" + "7" * 32


@pytest.fixture
def message(redis):
    followers.follow(redis, ME, "github", followers.CALL)
    message = OutboundMessage("notify-call:1-0:abc", ME, "ada pushed 2 commits <to> main", "")
    outbox.plan(redis, message)
    outbox.settle(redis, message, "planned", "sent", sid=CALL)
    return message


@pytest.fixture
def post_to_call(post_as_twilio, message):
    def ask(path, **fields):
        known = {"CallSid": CALL, "To": ME, "Direction": "outbound-api", "CallStatus": "in-progress"}
        return post_as_twilio(f"/voice/outbound{path}", known | fields)

    return ask


def released(redis):
    return pacing.release(redis, 1000, 10, time.time(), {outbox.WAITING_KEY: 1})


def test_follower_hears_the_event_and_how_to_unfollow(post_to_call, message):
    heard = post_to_call(f"?message={message.id}").text
    assert "ada pushed 2 commits &lt;to&gt; main" in heard
    assert "Press 8 to unfollow everything." in heard


def test_pressing_8_ends_all_subscriptions(post_to_call, message, redis):
    assert "You no longer follow anything" in post_to_call(f"/key?doc=1&message={message.id}", Digits="8").text
    assert followers.list_topics(redis, ME) == []


def test_another_key_only_ends_the_call(post_to_call, message, redis):
    assert "Goodbye" in post_to_call(f"/key?doc=1&message={message.id}", Digits="1").text
    assert followers.list_topics(redis, ME) == ["github"]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_follower_who_does_not_answer_gets_one_text(post_to_call, message, redis, status):
    for _ in range(2):
        assert post_to_call(f"/status?message={message.id}", CallStatus=status).status_code == 204
    (id,) = released(redis)
    assert (outbox.load(redis, id).to, outbox.load(redis, id).body) == (ME, message.body)


def test_follower_who_heard_the_event_gets_no_text(post_to_call, message, redis):
    post_to_call(f"/status?message={message.id}", CallStatus="completed")
    assert released(redis) == []


@pytest.mark.parametrize("path", ["", "/key", "/status"])
def test_unknown_event_ends_the_call_and_unsigned_request_is_rejected(post_to_call, post_as_twilio, path):
    assert post_to_call(f"{path}?message=unknown", Digits="8").status_code in (200, 204)
    assert post_as_twilio(f"/voice/outbound{path}?message=x", {"CallSid": CALL}, signature="made up").status_code == 403


@pytest.mark.parametrize("status", ["completed", "busy"])
def test_after_the_call_its_words_are_forgotten(post_to_call, message, redis, status):
    post_to_call(f"/status?message={message.id}", CallStatus=status)
    assert not redis.hexists(f"outbox:{message.id}", "body")
    assert outbox.load(redis, message.id).is_settled
    if status == "busy":
        assert outbox.load(redis, f"{message.id}:text").body == message.body
