"""The circuit breaker: stops all sending if a person would get far more texts than they asked for.

It compares texts with requests, so a large audience never trips it. The presenter can stop sending too. While sending
is stopped, messages wait in the outbox; once it resumes, they are sent in order.
"""

import events
from store import Pipe, Store
from store.erasure import Erasure, delete_matching, erases

MAX_TEXTS_PER_REQUEST = 5
WINDOW_SECONDS = 6 * 3600  # after a person's last request, or our last text to them; longer than a text may wait
STOPPED_KEY = "sending:stopped"  # the reason, while all sending is stopped


class SendingStopped(Exception):
    """All sending has been stopped. The exception's message is the reason."""


def record_request(pipe: Pipe | Store, number: str) -> None:
    """Count one reason for a text to this person: they asked a question, or an event that they follow occurred."""
    if not number:  # withheld: nothing can be sent to them
        return
    pipe.execute_command("HINCRBY", _key(number), "requests", 1)
    pipe.execute_command("EXPIRE", _key(number), WINDOW_SECONDS)


def count_text(redis: Store, number: str) -> None:
    """Count one text to this person. If it is one too many, stops all sending and raises SendingStopped."""
    key, pipe = _key(number), redis.pipeline()
    pipe.execute_command("HINCRBY", key, "texts", 1)
    pipe.hget(key, "requests")
    pipe.expire(key, WINDOW_SECONDS)
    texts, requests, _ = pipe.execute()
    requests = int(requests or 1)
    if texts <= MAX_TEXTS_PER_REQUEST * requests:
        return
    redis.delete(key)  # once the presenter resumes sending, this person's count starts afresh
    asked = "once" if requests == 1 else f"{requests} times"
    reason = f"the circuit breaker prevented text {texts} to one person who had asked {asked}"
    stop(redis, reason)
    raise SendingStopped(reason)


def stop(redis: Store, reason: str) -> None:
    """Stop all sending until `resume` is called."""
    redis.set(STOPPED_KEY, reason)
    events.publish(redis, "sending.stopped", reason=reason)


def resume(redis: Store) -> None:
    """Resume sending."""
    redis.delete(STOPPED_KEY)
    events.publish(redis, "sending.resumed")


def stop_reason(redis: Store) -> str:
    """Return why all sending has been stopped, or "" if it has not."""
    return (redis.get(STOPPED_KEY) or b"").decode()


def _key(number: str) -> str:
    return f"requests:{number}"


@erases("counts of texts")
def erase(redis: Store, erasure: Erasure) -> int:
    """Erase the counts of texts, which expire within hours: those of one person, or all in a complete erasure."""
    if erasure.number:
        return redis.delete(_key(erasure.number), _key(f"whatsapp:{erasure.number}"))
    return delete_matching(redis, _key("*")) if erasure.is_everything else 0
