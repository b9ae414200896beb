"""Retries are wonderful, sending hundreds of texts is not: ceilings on what leaves, and a breaker that stops it all."""

import time
from typing import Any

import events

PER_PERSON_A_MINUTE = 10  # texts. Carriers stop a pair at 15 in 30 seconds
PER_PERSON_A_DAY = 100
ALL_A_MINUTE = 600  # texts. Above this something is wrong, and everything stops
STOPPED = "sending:stopped"


class OverTheLimit(Exception):
    """This text may not be sent; the message says which ceiling it met."""


def spend(redis: Any, person: str, now: float | None = None) -> None:
    """Count one text to this person, or raise OverTheLimit. `person` is an alias, never a number."""
    minute, day = int((now or time.time()) // 60), int((now or time.time()) // 86_400)
    if why := redis.get(STOPPED):
        raise OverTheLimit(f"all sending is stopped: {why.decode()}")
    pipe = redis.pipeline()
    for key, keep in (
        (f"sent:{person}:m{minute}", 120),
        (f"sent:{person}:d{day}", 90_000),
        (f"sent:all:m{minute}", 120),
    ):
        pipe.incr(key)
        pipe.expire(key, keep)
    this_minute, _, today, _, everyone, _ = pipe.execute()
    if everyone > ALL_A_MINUTE:
        stop(redis, f"more than {ALL_A_MINUTE} texts in a minute")
        raise OverTheLimit(f"more than {ALL_A_MINUTE} texts in a minute")
    if this_minute > PER_PERSON_A_MINUTE:
        raise OverTheLimit(f"more than {PER_PERSON_A_MINUTE} texts to one person in a minute")
    if today > PER_PERSON_A_DAY:
        raise OverTheLimit(f"more than {PER_PERSON_A_DAY} texts to one person in a day")


def stop(redis: Any, why: str) -> None:
    """Stop all sending until somebody releases it."""
    redis.set(STOPPED, why)
    events.publish(redis, "sending.stopped", reason=why)


def release(redis: Any) -> None:
    """Let sending go on."""
    redis.delete(STOPPED)
    events.publish(redis, "sending.released")


def stopped(redis: Any) -> str:
    """Why all sending is stopped, or "" when it is not."""
    return (redis.get(STOPPED) or b"").decode()
