"""Who wants to hear by text: a number, and what it follows; a text is one more effect in the ledger."""

from typing import Any

from sending import consent

FOLLOWERS = "followers"  # every number that follows something
MOST = 10  # things one number may follow


class FollowsEnough(Exception):
    """This number follows as many things as it may."""


def follow(redis: Any, number: str, topic: str) -> None:
    """From now on this number hears of `github`, `github.push` or `call.ended`. FollowsEnough when that is too much."""
    key = consent.follows(number)
    if redis.scard(key) >= MOST and not redis.sismember(key, topic):
        raise FollowsEnough
    pipe = redis.pipeline()
    pipe.sadd(key, topic)
    pipe.sadd(FOLLOWERS, number)
    pipe.execute()


def unfollow(redis: Any, number: str, topic: str = "") -> int:
    """No longer this topic, or nothing any more. How many topics that ended."""
    key = consent.follows(number)
    ended = int(redis.srem(key, topic)) if topic else int(redis.scard(key))
    if not topic:
        redis.delete(key)
    if not redis.exists(key):
        redis.srem(FOLLOWERS, number)
    return ended


def topics(redis: Any, number: str) -> list[str]:
    """What this number follows."""
    return sorted(topic.decode() for topic in redis.smembers(consent.follows(number)))


def everyone(redis: Any) -> dict[str, list[str]]:
    """All numbers that follow something, with what that is."""
    numbers, pipe = [number.decode() for number in redis.smembers(FOLLOWERS)], redis.pipeline(transaction=False)
    for number in numbers:
        pipe.smembers(consent.follows(number))
    found = zip(numbers, pipe.execute(), strict=True)
    return {number: sorted(topic.decode() for topic in followed) for number, followed in found if followed}


def wants(followed: list[str], name: str) -> bool:
    """True when an event of this name belongs to one of these topics."""
    return any(f"{name.lower()}.".startswith(f"{topic}.") for topic in followed)
