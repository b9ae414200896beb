"""What is texted to follow, unfollow, and send webhooks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import events
from phone.commands.follow import as_topic
from sending import consent, followers, ledger
from tests.conftest import ME
from workers import fanout


def queued(app):
    return [list(job.args) for job in app.extensions["queues"].by_name["texters"].jobs]


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("github", "github"),
        ("GitHub", "github"),
        ("GitHub pull request!", "github.pull_request"),
        ("github.pull_request", "github.pull_request"),
        ("stripe charge.dispute.created", "stripe.charge.dispute.created"),
        ("call ended", "call.ended"),
    ],
)
def test_people_name_what_they_follow_as_they_like(person, app, words, topic):
    assert f"you follow {topic}." in person.texts(f"follow {words}")
    assert queued(app) == [[topic]]


@pytest.mark.parametrize("words", ["", "the money", "text.received", "githubs", ".", "🦄"])
def test_what_cannot_be_followed_is_answered_with_what_can(person, app, words):
    answer = person.texts(f"follow {words}")
    assert "github" in answer
    assert "call.ended" in answer
    assert queued(app) == []


def test_unfollow_is_crossed_out_by_a_worker(person, app):
    assert "I cross it out." in person.texts("unfollow github pull request")
    assert queued(app) == [["github.pull_request"]]


@pytest.mark.parametrize("words", ["hear.example/Hook", "https://hear.example/Hook", "HTTPS://HEAR.example/Hook"])
def test_an_address_is_asked_before_anything_is_sent_there(person, app, words):
    assert "I am asking hear.example whether it wants that." in person.texts(f"webhook {words}")
    assert queued(app) == [["https://hear.example/Hook"]]


@pytest.mark.parametrize(
    "words", ["", "https://user:pass@hear.example", "ftp://hear.example", "https://0x7f.1/", "https://", "é" * 3000]
)
def test_what_is_no_address_is_said_so(person, app, words):
    assert "address" in person.texts(f"webhook {words}")
    assert queued(app) == []


def test_stop_ends_all_following(person, redis):
    events.publish(redis, "sending.released")
    fanout.fan_out(redis)
    followers.follow(redis, ME, "github")
    person.texts("STOP")
    person.texts("START")
    assert not consent.has_left(redis, ME)
    events.publish(redis, "webhook.received", provider="github", event="push", line="ada pushed")
    fanout.fan_out(redis)
    assert redis.zcard(ledger.DUE) == 0


@given(st.text())
def test_whatever_is_said_is_a_topic_of_plain_letters(words):
    assert set(as_topic(words)) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
