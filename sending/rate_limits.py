"""Rate limits on texts and calls: per person, and in total. Exceeding the total stops all sending."""

import time

import events
from store import Store

MAX_PER_PERSON_PER_MINUTE = 10  # carriers block a sender after 15 texts to one number in 30 seconds
MAX_PER_PERSON_PER_DAY = 100
MAX_TOTAL_PER_MINUTE = 600  # above this something is wrong, and all sending stops
STOPPED_KEY = "sending:stopped"  # the reason, while all sending is stopped


class RateLimitExceeded(Exception):
    """This text must not be sent. The message names the limit."""


def consume(redis: Store, person: str, now: float | None = None) -> None:
    """Count one text to this person. Raises RateLimitExceeded. `person` is an alias, never a phone number."""
    if reason := stop_reason(redis):
        raise RateLimitExceeded(f"all sending is stopped: {reason}")
    person_minute, person_day, total_minute = _count(redis, person, int(now or time.time()))
    if total_minute > MAX_TOTAL_PER_MINUTE:
        stop(redis, f"more than {MAX_TOTAL_PER_MINUTE} texts in a minute")
        raise RateLimitExceeded(f"more than {MAX_TOTAL_PER_MINUTE} texts in a minute")
    if person_minute > MAX_PER_PERSON_PER_MINUTE:
        raise RateLimitExceeded(f"more than {MAX_PER_PERSON_PER_MINUTE} texts to one person in a minute")
    if person_day > MAX_PER_PERSON_PER_DAY:
        raise RateLimitExceeded(f"more than {MAX_PER_PERSON_PER_DAY} texts to one person in a day")


def stop(redis: Store, reason: str) -> None:
    """Stop all sending until `resume` is called."""
    redis.set(STOPPED_KEY, reason)
    events.publish(redis, "sending.stopped", reason=reason)


def resume(redis: Store) -> None:
    """Resume sending."""
    redis.delete(STOPPED_KEY)
    events.publish(redis, "sending.resumed")


def stop_reason(redis: Store) -> str:
    """Return why all sending is stopped, or "" if it is not."""
    return (redis.get(STOPPED_KEY) or b"").decode()


def _count(redis: Store, person: str, now: int) -> list[int]:
    """Count one text. Returns the texts to this person in this minute and today, and to everybody in this minute."""
    minute, day = now // 60, now // 86_400
    pipe = redis.pipeline()
    for key, ttl_seconds in (
        (f"rate:{person}:m{minute}", 120),
        (f"rate:{person}:d{day}", 90_000),
        (f"rate:all:m{minute}", 120),
    ):
        pipe.incr(key)
        pipe.expire(key, ttl_seconds)
    return [int(count) for count in pipe.execute()[::2]]
