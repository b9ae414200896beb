"""Decides whether a released message may be sent: checks its age, rate limits and the circuit breaker."""

import time

from sending import outdated_answers, rate_limits_per_person, text_circuit_breaker
from sending.outbox import OutboundMessage
from store import Store

MAX_TRIES = 6  # tries on which Twilio may have acted


class MustWait(Exception):
    """The message must be considered again at the time `until`."""

    def __init__(self, reason: str, until: float) -> None:
        super().__init__(reason)
        self.until = until


class MustNotSend(Exception):
    """The message must never be sent; the exception's message says why."""


def admit(redis: Store, message: OutboundMessage, person: str, now: float | None = None) -> OutboundMessage:
    """Return the message to send. Raises MustWait or MustNotSend. `person` is the recipient's alias."""
    now = now or time.time()
    if reason := text_circuit_breaker.stop_reason(redis):
        raise MustWait(f"all sending has been stopped: {reason}", now)
    if message.tries >= MAX_TRIES:
        raise MustNotSend(f"tried {MAX_TRIES} times: {message.reason or 'Twilio did not respond'}")
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
        rate_limits_per_person.consume(redis, person, now)
        text_circuit_breaker.count_text(redis, message.to)
    except rate_limits_per_person.RateLimitExceeded as error:
        if message.is_answer and error.retry_at:
            raise MustWait(str(error), error.retry_at) from error
        raise MustNotSend(str(error)) from error
    except text_circuit_breaker.SendingStopped as error:
        raise MustWait(str(error), now) from error
