"""Decides whether a released message may be sent: checks its age, rate limits and the circuit breaker."""

import time
from dataclasses import replace

from sending import outbox, rate_limits_per_person, text_circuit_breaker
from sending.outbox import OutboundMessage
from store import Store
from store.erasure import Erasure, delete_matching, erases

MAX_WAIT_SECONDS = 4 * 3600  # for the sender; after that, an answer is out of date
MAX_TRIES = 6  # tries on which Twilio may have acted
OUTDATED = "The answer to your question had to wait so long that it is now out of date. Please ask again."


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
    if now - message.planned_at > MAX_WAIT_SECONDS:
        message = _replace_outdated(redis, message)
    if not message.tries and not message.is_counted:
        _check_limits(redis, message, person, now)
    return message


def _replace_outdated(redis: Store, message: OutboundMessage) -> OutboundMessage:
    """Return a message saying that the answer is out of date. Each person gets one such message, not one per answer."""
    if message.body == OUTDATED:
        return message
    key = _told_key(message.to)
    if not message.is_answer or not redis.set(key, 1, nx=True, ex=MAX_WAIT_SECONDS):
        raise MustNotSend(f"it waited longer than {MAX_WAIT_SECONDS // 3600} hours")
    outbox.replace_body(redis, message.id, OUTDATED)
    return replace(message, body=OUTDATED)


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


def _told_key(address: str) -> str:
    return f"told-outdated:{address}"


@erases("notes that an answer was out of date")
def erase(redis: Store, erasure: Erasure) -> int:
    """Erase the notes, which expire within hours: those of one person, or all in a complete erasure."""
    if erasure.number:
        return redis.delete(_told_key(erasure.number), _told_key(f"whatsapp:{erasure.number}"))
    return delete_matching(redis, _told_key("*")) if erasure.is_everything else 0
