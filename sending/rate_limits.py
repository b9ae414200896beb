"""Retries are wonderful, sending hundreds of texts is not: ceilings on what leaves, and a breaker that stops it all."""

import time
from typing import Any

import events

MAX_PER_PERSON_PER_MINUTE = 10  # texts. Carriers stop a pair at 15 in 30 seconds
MAX_PER_PERSON_PER_DAY = 100
MAX_TOTAL_PER_MINUTE = 600  # texts. Above this something is wrong, and everything stops
STOPPED_KEY = "sending:stopped"


class RateLimitExceeded(Exception):
    """This text may not be sent; the message says which ceiling it met."""


def consume(redis: Any, person: str, now: float | None = None) -> None:
    """Count one text to this person, or raise RateLimitExceeded. `person` is an alias, never a number."""
    minute, day = int((now or time.time()) // 60), int((now or time.time()) // 86_400)
    if reason := redis.get(STOPPED_KEY):
        raise RateLimitExceeded(f"all sending is stopped: {reason.decode()}")
    pipe = redis.pipeline()
    for key, keep in (
        (f"rate:{person}:m{minute}", 120),
        (f"rate:{person}:d{day}", 90_000),
        (f"rate:all:m{minute}", 120),
    ):
        pipe.incr(key)
        pipe.expire(key, keep)
    this_minute, _, today, _, everyone, _ = pipe.execute()
    if everyone > MAX_TOTAL_PER_MINUTE:
        stop(redis, f"more than {MAX_TOTAL_PER_MINUTE} texts in a minute")
        raise RateLimitExceeded(f"more than {MAX_TOTAL_PER_MINUTE} texts in a minute")
    if this_minute > MAX_PER_PERSON_PER_MINUTE:
        raise RateLimitExceeded(f"more than {MAX_PER_PERSON_PER_MINUTE} texts to one person in a minute")
    if today > MAX_PER_PERSON_PER_DAY:
        raise RateLimitExceeded(f"more than {MAX_PER_PERSON_PER_DAY} texts to one person in a day")


def stop(redis: Any, reason: str) -> None:
    """Stop all sending until somebody releases it."""
    redis.set(STOPPED_KEY, reason)
    events.publish(redis, "sending.stopped", reason=reason)


def resume(redis: Any) -> None:
    """Let sending go on."""
    redis.delete(STOPPED_KEY)
    events.publish(redis, "sending.resumed")


def stop_reason(redis: Any) -> str:
    """Why all sending is stopped, or "" when it is not."""
    return (redis.get(STOPPED_KEY) or b"").decode()
