"""The automatic purge of what is older than the talk allows."""

import time

import pytest

from sending import followers, opt_outs
from show.privacy import purge, purge_receipts
from store.erasure import ERASERS, Erasure
from tests.show.privacy.records import LONG_TEXT, OTHER, WORD, keys_with
from tests.support.person import ME
from workers import pending_answers


def test_automatic_purge_erases_old_long_texts(person, other, redis):
    person.texts(f"{WORD} {LONG_TEXT}")
    [(_, row)] = redis.xrange("inbox")
    redis.delete("inbox")
    redis.xadd("inbox", row, id=f"{round(time.time() - 25 * 3600)}000-0")
    other.texts(LONG_TEXT, sid="SM" + "3" * 32)
    ERASERS["requests"](redis, Erasure(time.time() - 24 * 3600))
    assert WORD.encode() not in b"".join(redis.hvals("inbox:large"))
    assert redis.hlen("inbox:large") == redis.xlen("inbox") == 1


def test_automatic_purge_erases_what_is_older_than_the_talk_allows(person, other, redis, gateway, talk):
    person.texts("count")
    (old,) = (redis.hget(key, "asked_at") for key in redis.scan_iter("pending-answer:*"))
    for key in redis.scan_iter("pending-answer:*"):
        redis.hset(key, "asked_at", float(old) - 25 * 3600)
    other.texts("count", sid="SM" + "3" * 32)
    purge.purge_expired(redis)
    left = [pending_answers.load(redis, key.decode().partition(":")[2]) for key in redis.scan_iter("pending-answer:*")]
    assert [one.phone_number for one in left] == [OTHER]
    assert redis.exists("show:names")  # people are taking part


def test_automatic_purge_erases_no_recent_answer_and_leaves_no_receipt(person, redis, gateway):
    person.texts("count")
    [key] = redis.scan_iter("pending-answer:*")
    pending_answers.settle(redis, pending_answers.load(redis, key.decode().partition(":")[2]), "answered", "Nobody.")
    purge.purge_expired(redis)
    assert redis.exists(key)
    assert purge_receipts.load_receipts(redis) == []


@pytest.mark.parametrize("hour_of_last_text", [0, 20])
def test_automatic_purge_erases_the_scenes_once_nobody_has_taken_part_for_a_day(
    person, other, redis, go, gateway, monkeypatch, hour_of_last_text
):
    go("wall")
    person.texts(f"{WORD} is my word")
    began = time.time()
    for hour in (12, 20, 25):
        now = began + 3600 * hour
        monkeypatch.setattr(time, "time", lambda now=now: now)
        if hour == hour_of_last_text:
            other.texts("hello", sid="SM" + "3" * 32)
        redis.delete(purge.LOCK_KEY)
        purge.purge_expired(redis)
    assert bool(redis.exists("show:items:wall")) == (hour_of_last_text == 20)


def test_automatic_purge_ends_subscriptions_in_time(redis, gateway):
    followers.follow(redis, ME, "github")
    purge.purge_expired(redis)
    assert 0 < redis.ttl(opt_outs.topics_key(ME)) <= 24 * 3600
    redis.delete(opt_outs.topics_key(ME), purge.LOCK_KEY)  # a day has passed
    purge.purge_expired(redis)
    assert keys_with(redis, ME.lstrip("+")) == []


def test_topic_followed_later_does_not_end_with_the_earlier_ones(redis, gateway):
    followers.follow(redis, ME, "github")
    purge.purge_expired(redis)
    redis.expire(opt_outs.topics_key(ME), 600)  # most of the day has passed
    followers.follow(redis, ME, "stripe")
    redis.delete(purge.LOCK_KEY)
    purge.purge_expired(redis)
    assert redis.ttl(opt_outs.topics_key(ME)) > 23 * 3600
