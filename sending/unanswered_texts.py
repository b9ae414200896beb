"""Open questions: a person can have at most three. A question is open until its answer has been sent.

A question is counted in the round trip that claims its text, so that texts arriving together are counted correctly.
"""

import time
from collections.abc import Sequence

from store import Commands, Pipe, Store
from store.erasure import Erasure, delete_matching, erases

MAX_PER_PERSON = 3
REFUSAL = "I am still working on your first three questions. Please ask again when you have an answer."
COMPUTING_SECONDS = 180  # longer than an answer's deadline; after that, a lost question no longer counts
SENDING_SECONDS = 5 * 3600  # longer than an answer may wait for the sender


def count(number: str, id: str) -> Commands:
    """Return the commands that add a question from this person. Pass their replies to `are_too_many`."""
    key, now = _key(number), time.time()
    return (
        ("ZREMRANGEBYSCORE", key, "-inf", now),
        ("ZADD", key, "NX", now + COMPUTING_SECONDS, id),
        ("EXPIRE", key, SENDING_SECONDS),
        ("ZCARD", key),
    )


def uncount(number: str, id: str, replies: Sequence[int]) -> Commands:
    """Return the commands that undo `count`, given its replies; none if the question was already open."""
    return (("ZREM", _key(number), id),) if replies and replies[1] else ()


def are_too_many(replies: Sequence[int]) -> bool:
    """Return whether the question that `count` added is one too many. False if there are no replies."""
    return bool(replies) and replies[-1] > MAX_PER_PERSON


def keep_open(pipe: Pipe | Store, number: str, id: str) -> None:
    """Keep the question open while its answer waits to be sent."""
    pipe.execute_command("ZADD", _key(number), "XX", time.time() + SENDING_SECONDS, id)


def close(pipe: Pipe | Store, number: str, id: str) -> None:
    """Close the question, because it has been answered or dropped."""
    pipe.execute_command("ZREM", _key(number), id)


def _key(number: str) -> str:
    return f"open-questions:{number}"


@erases("open questions")
def erase(redis: Store, erasure: Erasure) -> int:
    """Erase open questions, which expire within hours: those of one person, or all in a complete erasure."""
    if erasure.number:
        return redis.delete(_key(erasure.number), _key(f"whatsapp:{erasure.number}"))
    return delete_matching(redis, _key("*")) if erasure.is_everything else 0
