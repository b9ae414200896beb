"""Who wants to hear by text or by call: a number, and what it follows.

What a number follows stands in a hash of its own, which STOP deletes at once; who follows a topic stands in a set per
topic, so that an event finds its followers without reading everybody. Where the two differ, the hash is right.
"""

import secrets
from collections.abc import Iterable, Iterator
from typing import Any

from sending import opt_outs

MAX_TOPICS_PER_NUMBER = 10  # things one number may follow
NUMBERS_PER_BATCH = 500  # numbers
TEXT, CALL = "text", "call"
UNFOLLOW_TOKEN_TTL_SECONDS = (
    60 * 24 * 3600
)  # seconds after the last text that names it; then nobody's number is kept for it


class TooManyTopics(Exception):
    """This number follows as many things as it may."""


def follow(redis: Any, number: str, topic: str, channel: str = TEXT) -> None:
    """From now on this number hears of `github`, `github.push` or `call.ended`. TooManyTopics when that is too much."""
    key = opt_outs.topics_key(number)
    if redis.hlen(key) >= MAX_TOPICS_PER_NUMBER and not redis.hexists(key, topic):
        raise TooManyTopics
    pipe = redis.pipeline()
    pipe.hset(key, topic, channel)
    pipe.sadd(_followers_key(topic), number)
    pipe.execute()


def unfollow(redis: Any, number: str, topic: str = "") -> int:
    """No longer this topic, or nothing any more. How many topics that ended."""
    ended = [one for one in list_topics(redis, number) if topic in ("", one)]
    pipe = redis.pipeline()
    for one in ended:
        pipe.hdel(opt_outs.topics_key(number), one)
        pipe.srem(_followers_key(one), number)
    pipe.execute()
    return len(ended)


def list_topics(redis: Any, number: str) -> list[str]:
    """What this number follows."""
    return sorted(topic.decode() for topic in redis.hkeys(opt_outs.topics_key(number)))


def is_followed(redis: Any, name: str) -> bool:
    """Whether anybody may want to hear of an event of this name."""
    return bool(redis.exists(*map(_followers_key, _topic_prefixes(name))))


def iter_followers(redis: Any, name: str) -> Iterator[dict[str, str]]:
    """Each number that follows an event of this name, once, and whether by text or by call; some hundreds at a time."""
    families = _topic_prefixes(name)
    numbers = sorted(number.decode() for number in redis.sunion(*map(_followers_key, families)))
    for start in range(0, len(numbers), NUMBERS_PER_BATCH):
        some, pipe = numbers[start : start + NUMBERS_PER_BATCH], redis.pipeline(transaction=False)
        for number in some:
            pipe.hmget(opt_outs.topics_key(number), families)
        found = dict(zip(some, map(_most_specific, pipe.execute()), strict=True))
        gone = [number for number, channel in found.items() if not channel]  # they texted STOP
        for topic in families if gone else ():
            redis.srem(_followers_key(topic), *gone)
        if told := {number: channel for number, channel in found.items() if channel}:
            yield told


def get_channel(redis: Any, number: str, name: str) -> str:
    """How this number hears of an event of this name; "" when it does not."""
    return _most_specific(redis.hmget(opt_outs.topics_key(number), _topic_prefixes(name)))


def issue_unfollow_tokens(redis: Any, numbers: Iterable[str]) -> dict[str, str]:
    """For each number the token in the address by which it ends all it follows; the same as long as it is told."""
    fresh = {number: secrets.token_urlsafe(12) for number in numbers}
    pipe = redis.pipeline(transaction=False)
    for number, token in fresh.items():
        pipe.set(f"unfollow-token:{number}", token, nx=True)
        pipe.getex(f"unfollow-token:{number}", ex=UNFOLLOW_TOKEN_TTL_SECONDS)
    tokens = dict(zip(fresh, (token.decode() for token in pipe.execute()[1::2]), strict=True))
    for number, token in tokens.items():
        pipe.set(f"unfollow:{token}", number, ex=UNFOLLOW_TOKEN_TTL_SECONDS)
    pipe.execute()
    return tokens


def issue_unfollow_token(redis: Any, number: str) -> str:
    """The same for one number."""
    return issue_unfollow_tokens(redis, [number])[number]


def resolve_unfollow_token(redis: Any, token: str) -> str:
    """The number that this token belongs to, or ""."""
    return (redis.get(f"unfollow:{token}") or b"").decode()


def _most_specific(found: list[bytes | None]) -> str:
    """Of what was wished for `github` and for `github.push` the second decides."""
    return next((by.decode() for by in reversed(found) if by), "")


def _topic_prefixes(name: str) -> list[str]:
    """`github.push` belongs to `github` and to `github.push`, in this order."""
    parts = name.lower().split(".")
    return [".".join(parts[:size]) for size in range(1, len(parts) + 1)]


def _followers_key(topic: str) -> str:
    return f"followers:{topic}"
