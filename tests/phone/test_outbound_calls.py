"""Whoever asked for calls is called, and told what they follow."""

import time

import pytest

from sending import followers, outbox, pacing
from sending.outbox import OutboundMessage
from tests.support.person import ME

CALL = "CA" + "7" * 32


@pytest.fixture
def effect(redis):
    followers.follow(redis, ME, "github", followers.CALL)
    effect = OutboundMessage("notify-call:1-0:abc", ME, "ada pushed 2 commits <to> main", "")
    outbox.plan(redis, effect)
    outbox.settle(redis, effect, "planned", "sent", sid=CALL)
    return effect


@pytest.fixture
def called(twilio_posts, effect):
    def ask(path, **fields):
        known = {"CallSid": CALL, "To": ME, "Direction": "outbound-api", "CallStatus": "in-progress"}
        return twilio_posts(f"/voice/outbound{path}", known | fields)

    return ask


def released(redis):
    return pacing.release(redis, 1000, 10, time.time(), {outbox.WAITING_KEY: 1})


def test_they_hear_what_happened_and_how_to_end_it(called, effect):
    heard = called(f"?message={effect.id}").text
    assert "ada pushed 2 commits &lt;to&gt; main" in heard
    assert "Press 8 to unfollow everything." in heard


def test_a_key_ends_all_they_follow(called, effect, redis):
    assert "You no longer follow anything" in called(f"/key?doc=1&message={effect.id}", Digits="8").text
    assert followers.list_topics(redis, ME) == []


def test_another_key_ends_the_call_only(called, effect, redis):
    assert "Goodbye" in called(f"/key?doc=1&message={effect.id}", Digits="1").text
    assert followers.list_topics(redis, ME) == ["github"]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_who_does_not_pick_up_is_told_by_text_once(called, effect, redis, status):
    for _ in range(2):
        assert called(f"/status?message={effect.id}", CallStatus=status).status_code == 204
    (due,) = released(redis)
    assert (outbox.load(redis, due).to, outbox.load(redis, due).body) == (ME, effect.body)


def test_who_heard_it_is_not_texted_too(called, effect, redis):
    called(f"/status?message={effect.id}", CallStatus="completed")
    assert released(redis) == []


@pytest.mark.parametrize("path", ["", "/key", "/status"])
def test_a_call_about_nothing_we_know_ends_politely_and_a_stranger_gets_nothing(called, twilio_posts, path):
    assert called(f"{path}?message=unknown", Digits="8").status_code in (200, 204)
    assert twilio_posts(f"/voice/outbound{path}?message=x", {"CallSid": CALL}, signature="made up").status_code == 403
