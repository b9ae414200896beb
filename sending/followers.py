"""Who wants to hear by text or by call: a number, and what it follows.

What a number follows stands in a hash of its own, which STOP deletes at once; who follows a topic stands in a set per
topic, so that an event finds its followers without reading everybody. Where the two differ, the hash is right.
"""

import secrets
from collections.abc import Iterable, Iterator
from typing import Any

from sending import opt_outs

MOST = 10  # things one number may follow
AT_A_TIME = 500  # numbers
TEXT, CALL = "text", "call"
WAY_OUT_KEPT = 60 * 24 * 3600  # seconds after the last text that names it; then nobody's number is kept for it


class FollowsEnough(Exception):
    """This number follows as many things as it may."""


def follow(redis: Any, number: str, topic: str, by: str = TEXT) -> None:
    """From now on this number hears of `github`, `github.push` or `call.ended`. FollowsEnough when that is too much."""
    key = opt_outs.follows(number)
    if redis.hlen(key) >= MOST and not redis.hexists(key, topic):
        raise FollowsEnough
    pipe = redis.pipeline()
    pipe.hset(key, topic, by)
    pipe.sadd(_who(topic), number)
    pipe.execute()


def unfollow(redis: Any, number: str, topic: str = "") -> int:
    """No longer this topic, or nothing any more. How many topics that ended."""
    ended = [one for one in topics(redis, number) if topic in ("", one)]
    pipe = redis.pipeline()
    for one in ended:
        pipe.hdel(opt_outs.follows(number), one)
        pipe.srem(_who(one), number)
    pipe.execute()
    return len(ended)


def topics(redis: Any, number: str) -> list[str]:
    """What this number follows."""
    return sorted(topic.decode() for topic in redis.hkeys(opt_outs.follows(number)))


def is_followed(redis: Any, name: str) -> bool:
    """Whether anybody may want to hear of an event of this name."""
    return bool(redis.exists(*map(_who, _families(name))))


def of(redis: Any, name: str) -> Iterator[dict[str, str]]:
    """Each number that follows an event of this name, once, and whether by text or by call; some hundreds at a time."""
    families = _families(name)
    numbers = sorted(number.decode() for number in redis.sunion(*map(_who, families)))
    for start in range(0, len(numbers), AT_A_TIME):
        some, pipe = numbers[start : start + AT_A_TIME], redis.pipeline(transaction=False)
        for number in some:
            pipe.hmget(opt_outs.follows(number), families)
        found = dict(zip(some, map(_narrowest, pipe.execute()), strict=True))
        gone = [number for number, by in found.items() if not by]  # they texted STOP
        for topic in families if gone else ():
            redis.srem(_who(topic), *gone)
        if told := {number: by for number, by in found.items() if by}:
            yield told


def channel(redis: Any, number: str, name: str) -> str:
    """How this number hears of an event of this name; "" when it does not."""
    return _narrowest(redis.hmget(opt_outs.follows(number), _families(name)))


def links(redis: Any, numbers: Iterable[str]) -> dict[str, str]:
    """For each number the word in the address by which it ends all it follows; the same as long as it is told."""
    fresh = {number: secrets.token_urlsafe(12) for number in numbers}
    pipe = redis.pipeline(transaction=False)
    for number, word in fresh.items():
        pipe.set(f"unfollow-word:{number}", word, nx=True)
        pipe.getex(f"unfollow-word:{number}", ex=WAY_OUT_KEPT)
    words = dict(zip(fresh, (word.decode() for word in pipe.execute()[1::2]), strict=True))
    for number, word in words.items():
        pipe.set(f"unfollow:{word}", number, ex=WAY_OUT_KEPT)
    pipe.execute()
    return words


def link(redis: Any, number: str) -> str:
    """The same for one number."""
    return links(redis, [number])[number]


def behind(redis: Any, word: str) -> str:
    """The number that this word belongs to, or ""."""
    return (redis.get(f"unfollow:{word}") or b"").decode()


def _narrowest(found: list[bytes | None]) -> str:
    """Of what was wished for `github` and for `github.push` the second decides."""
    return next((by.decode() for by in reversed(found) if by), "")


def _families(name: str) -> list[str]:
    """`github.push` belongs to `github` and to `github.push`, in this order."""
    parts = name.lower().split(".")
    return [".".join(parts[:size]) for size in range(1, len(parts) + 1)]


def _who(topic: str) -> str:
    return f"followers:{topic}"
