"""Followers: the phone numbers that get a text or a call about events.

A topic is an event type or a prefix of one: `github.push`, `github`. A hash for each number maps its topics to
channels, such as `text`, each followed by our number unless that is the default one: `call +447700900100`.
A set for each topic contains its numbers, so that the fan-out need not read every hash. STOP deletes only the
hash; a number follows a topic only if its hash says so.
"""

import time
from collections.abc import Iterator

from sending import opt_outs, unfollow_tokens
from store import Store
from store.erasure import Erasure, erases, scan

MAX_TOPICS_PER_NUMBER = 10
NUMBERS_PER_BATCH = 500
TEXT, CALL = "text", "call"


class TooManyTopics(Exception):
    """The number already follows MAX_TOPICS_PER_NUMBER topics."""


def follow(redis: Store, number: str, topic: str, channel: str = TEXT, sender: str = "") -> None:
    """Make a number follow a topic, or change the topic's channel or our number. Raises TooManyTopics."""
    key = opt_outs.topics_key(number)
    if redis.hlen(key) >= MAX_TOPICS_PER_NUMBER and not redis.hexists(key, topic):
        raise TooManyTopics
    pipe = redis.pipeline()
    pipe.hset(key, topic, f"{channel} {sender}".strip())
    pipe.execute_command("PERSIST", key)  # the next automatic purge sets a new time to live: see `erase`
    pipe.sadd(_followers_key(topic), number)
    pipe.execute()


def unfollow(redis: Store, number: str, topic: str = "") -> int:
    """Make a number unfollow one topic, or all if `topic` is "". Returns how many topics were removed."""
    removed = [one for one in list_topics(redis, number) if topic in ("", one)]
    pipe = redis.pipeline()
    for one in removed:
        pipe.hdel(opt_outs.topics_key(number), one)
        pipe.srem(_followers_key(one), number)
    pipe.execute()
    return len(removed)


def list_topics(redis: Store, number: str) -> list[str]:
    """Return the topics that this number follows, in alphabetical order."""
    return sorted(topic.decode() for topic in redis.hkeys(opt_outs.topics_key(number)))


def is_followed(redis: Store, event_type: str) -> bool:
    """Return whether any number may follow events of this type."""
    return bool(redis.exists(*map(_followers_key, _topic_prefixes(event_type))))


def iter_followers(redis: Store, event_type: str) -> Iterator[dict[str, str]]:
    """Yield dicts that map up to NUMBERS_PER_BATCH followers of an event type to their channel and our number."""
    topics = _topic_prefixes(event_type)
    numbers = sorted(number.decode() for number in redis.sunion(*map(_followers_key, topics)))
    for start in range(0, len(numbers), NUMBERS_PER_BATCH):
        batch, pipe = numbers[start : start + NUMBERS_PER_BATCH], redis.pipeline(transaction=False)
        for number in batch:
            pipe.hmget(opt_outs.topics_key(number), topics)
        channels = dict(zip(batch, map(_most_specific, pipe.execute()), strict=True))
        if stale := [number for number, channel in channels.items() if not channel]:  # they texted STOP
            _remove(redis, topics, stale)
        if found := {number: channel for number, channel in channels.items() if channel}:
            yield found


def get_channel(redis: Store, number: str, event_type: str) -> str:
    """Return the channel through which this number follows an event type, or "" if it does not."""
    return _most_specific(redis.hmget(opt_outs.topics_key(number), _topic_prefixes(event_type)))


def _remove(redis: Store, topics: list[str], numbers: list[str]) -> None:
    for topic in topics:
        redis.srem(_followers_key(topic), *numbers)


def _most_specific(channels: list[bytes | None]) -> str:
    """Return the last channel, because `github.push` takes precedence over `github`; "" if there is none."""
    return next((channel.decode() for channel in reversed(channels) if channel), "")


def _topic_prefixes(event_type: str) -> list[str]:
    """Return `["github", "github.push"]` for `github.push`."""
    parts = event_type.lower().split(".")
    return [".".join(parts[:size]) for size in range(1, len(parts) + 1)]


def _followers_key(topic: str) -> str:
    return f"followers:{topic}"


@erases("subscriptions")
def erase(redis: Store, erasure: Erasure) -> int:
    """End the subscriptions of one person, or of everybody.

    The age of a subscription is not known, so an erasure by age sets a time to live on each subscription that has none,
    and removes what is left of those that have expired.
    """
    keys = list(scan(redis, _followers_key("*")))
    if erasure.number:
        numbers = {erasure.number, f"whatsapp:{erasure.number}"}
    else:
        numbers = unfollow_tokens.list_numbers(redis)
        for key in keys:
            numbers |= {number.decode() for number in redis.execute_command("SMEMBERS", key)}
    seconds = int(time.time() - erasure.before)
    for number in [] if erasure.number or erasure.is_everything else list(numbers):
        if redis.exists(opt_outs.topics_key(number)):
            numbers.discard(number)
            redis.execute_command("EXPIRE", opt_outs.topics_key(number), seconds, "NX")
    return sum(_erase_number(redis, number, keys) for number in numbers)


def _erase_number(redis: Store, number: str, keys: list[str]) -> int:
    erased = unfollow(redis, number)
    for key in keys:
        redis.srem(key, number)
    unfollow_tokens.revoke(redis, number)
    return erased
