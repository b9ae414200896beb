"""Rate limits on texts and calls to one person, which affect nobody else."""

import time

from store import Store

MAX_PER_MINUTE = 10  # carriers block a sender after 15 texts to one number in 30 seconds
MAX_PER_DAY = 100


class RateLimitExceeded(Exception):
    """This text must not be sent now. The message names the limit; a `retry_at` of 0.0 means never."""

    def __init__(self, reason: str, retry_at: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_at = retry_at


def consume(redis: Store, person: str, now: float | None = None) -> None:
    """Count one text to this person. Raises RateLimitExceeded, in which case the text is not counted.

    `person` is an alias, never a phone number.
    """
    now = now or time.time()
    minute, day = int(now // 60), int(now // 86_400)
    keys = {f"rate:{person}:m{minute}": 120, f"rate:{person}:d{day}": 90_000}
    pipe = redis.pipeline()
    for key, ttl_seconds in keys.items():
        pipe.incr(key)
        pipe.expire(key, ttl_seconds)
    this_minute, today = pipe.execute()[::2]
    if this_minute <= MAX_PER_MINUTE and today <= MAX_PER_DAY:
        return
    for key in keys:
        pipe.execute_command("DECR", key)
    pipe.execute()
    if today > MAX_PER_DAY:
        raise RateLimitExceeded(f"more than {MAX_PER_DAY} texts to one person in a day")
    raise RateLimitExceeded(f"more than {MAX_PER_MINUTE} texts to one person in a minute", 60.0 * (minute + 1))
