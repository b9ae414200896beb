"""Rate limits on texts and calls to one person, and the decision whether a released message may be sent now."""

import time

from sending import outbox, outdated_answers, text_circuit_breaker
from sending.outbox import OutboundMessage
from store import Store

MAX_PER_MINUTE = 10  # carriers block a sender after 15 texts to one number in 30 seconds
MAX_PER_DAY = 100
CALL_COOLDOWN_SECONDS = 300  # between two calls to the same person


class MustWait(Exception):
    """The message must be considered again at the time `until`."""

    def __init__(self, reason: str, until: float) -> None:
        super().__init__(reason)
        self.until = until


class MustNotSend(Exception):
    """The message must never be sent; the exception's message says why."""


class RateLimitExceeded(Exception):
    """This text must not be sent now. The message names the limit; a `retry_at` of 0.0 means never."""

    def __init__(self, reason: str, retry_at: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_at = retry_at


def admit(redis: Store, message: OutboundMessage, person: str, now: float | None = None) -> OutboundMessage:
    """Return the message to send. Raises MustWait or MustNotSend. `person` is the recipient's alias."""
    now = now or time.time()
    if reason := text_circuit_breaker.stop_reason(redis):
        raise MustWait(f"all sending has been stopped: {reason}", now)
    if message.tries >= outbox.MAX_TRIES:
        raise MustNotSend(f"tried {outbox.MAX_TRIES} times: {message.reason or 'Twilio did not respond'}")
    current = outdated_answers.replace_if_outdated(redis, message, now)
    if current is None:
        raise MustNotSend(f"it waited longer than {outdated_answers.MAX_WAIT_SECONDS // 3600} hours")
    message = current
    if not message.tries and not message.is_counted:
        _check_limits(redis, message, person, now)
    return message


def _check_limits(redis: Store, message: OutboundMessage, person: str, now: float) -> None:
    """Check the person's own limits first: texts that exceed them must not count toward stopping all sending."""
    try:
        consume(redis, person, now)
        text_circuit_breaker.count_text(redis, message.to)
    except RateLimitExceeded as error:
        if message.is_answer and error.retry_at:
            raise MustWait(str(error), error.retry_at) from error
        raise MustNotSend(str(error)) from error
    except text_circuit_breaker.SendingStopped as error:
        raise MustWait(str(error), now) from error


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


def admit_call(redis: Store, person: str) -> bool:
    """Return whether this person may be called now. If so, they may not be called again for some minutes."""
    return bool(redis.set(f"called:{person}", 1, nx=True, ex=CALL_COOLDOWN_SECONDS))


def forget_call(redis: Store, person: str) -> None:
    """Undo `admit_call`, because the call was not made."""
    redis.delete(f"called:{person}")
