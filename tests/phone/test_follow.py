"""The commands follow, unfollow and webhook, by text and by phone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import events
from phone.commands.follow import parse_topic
from sending import followers, opt_outs
from tests.support.environment import SECRETS
from tests.support.person import ME
from workers import fanout


def queued(app, queue="texters"):
    return [list(job.args) for job in app.extensions["queues"].by_name[queue].jobs]


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("github", "github"),
        ("GitHub", "github"),
        ("GitHub pull request!", "github.pull_request"),
        ("github.pull_request", "github.pull_request"),
        ("stripe charge.dispute.created", "stripe.charge.dispute.created"),
        ("call ended", "call.ended"),
        ("github pull requests", "github.pull_request"),
        ("github pushes", "github.push"),
        ("github issue", "github.issues"),
        ("github pull requests by call", "github.pull_request by call"),
        ("GitHub, with calls!", "github by call"),
    ],
)
def test_topics_are_recognized_in_many_spellings(person, app, words, topic):
    assert f"signing you up for {topic}." in person.texts(f"follow {words}")
    assert queued(app) == [[topic]]


@pytest.mark.parametrize("words", ["", "the money", "text.received", "githubs", ".", "🦄"])
def test_unknown_topic_gets_the_list_of_topics(person, app, words):
    answer = person.texts(f"follow {words}")
    assert "github" in answer
    assert "call.ended" in answer
    assert queued(app) == []


def test_unfollow_is_queued_for_a_worker(person, app):
    assert "I am updating your topics." in person.texts("unfollow github pull request")
    assert queued(app) == [["github.pull_request"]]


@pytest.mark.parametrize("words", ["hear.example/Hook", "https://hear.example/Hook", "HTTPS://HEAR.example/Hook"])
def test_webhook_command_queues_the_verification_of_the_address(person, app, words):
    assert "I am asking hear.example to confirm." in person.texts(f"webhook {words}")
    assert queued(app, "lookups") == [["https://hear.example/Hook"]]


@pytest.mark.parametrize(
    "words", ["", "https://user:pass@hear.example", "ftp://hear.example", "https://0x7f.1/", "https://", "é" * 3000]
)
def test_webhook_command_rejects_invalid_addresses(person, app, words):
    assert "address" in person.texts(f"webhook {words}")
    assert queued(app) == []


def test_caller_follows_a_topic_with_two_keys(person, app):
    assert "Press 5, or say follow" in person.dials().heard
    assert "Press 3 for github." in person.presses("5").heard
    assert "I am signing you up for github." in person.presses("3").heard
    assert [list(job.args) for job in app.extensions["queues"].by_name["callers"].jobs] == [["github"]]


def test_caller_hears_each_topic_once_and_no_advice_to_text(person):
    heard = person.dials().presses("5").heard
    assert "Text" not in heard
    assert [heard.count(word) for word in ("github", "stripe", "call received", "recording ready")] == [1, 1, 1, 1]


@pytest.mark.parametrize("keys", ["#", "*", "0", "99"])
def test_unassigned_key_is_not_understood(person, app, keys):
    person.dials().presses("5")
    assert "Sorry, I did not get that." in person.presses(keys).heard
    assert app.extensions["queues"].by_name["callers"].count == 0


def test_caller_names_the_topic_in_words(person, app):
    person.dials().presses("5")
    assert "signing you up for github.pull_request by call." in person.says("GitHub pull requests by call.").heard


def test_stop_ends_all_subscriptions(person, redis):
    events.publish(redis, "sending.resumed")
    fanout.fan_out(redis)
    followers.follow(redis, ME, "github")
    person.texts("STOP")
    person.texts("START")
    assert not opt_outs.has_opted_out(redis, ME, SECRETS)
    events.publish(redis, "webhook.received", provider="github", event="push", summary="ada pushed")
    assert fanout.fan_out(redis) == 1
    assert list(followers.iter_followers(redis, "github.push")) == []


@given(st.text())
def test_any_words_become_a_topic_of_plain_letters(words):
    assert set(parse_topic(words)) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
