"""Asks Twilio about calls and messages whose state is not known.

Not a part of the sweep: while Twilio does not respond, each item takes ten seconds or more.
"""

import time

from redis import Redis

from sending import outbox
from store import Store
from workers import answer_delivery
from workers.sweep import MAX_PER_SWEEP, process_each


def look_up_unknown_states(redis: Redis, now: float | None = None) -> int:
    """Ask Twilio once about each. Return the number of items processed."""
    now = now or time.time()
    return _recheck_unheard_answers(redis, now) + _recheck_messages(redis, now)


def _recheck_unheard_answers(redis: Store, now: float) -> int:
    ids = [id.decode() for id in redis.zrangebyscore(answer_delivery.UNHEARD_KEY, 0, now, start=0, num=MAX_PER_SWEEP)]
    return process_each(redis, ids, lambda id: answer_delivery.recheck_unheard(redis, id))


def _recheck_messages(redis: Store, now: float) -> int:
    def recheck(id: str) -> None:
        message = outbox.load(redis, id)
        if message is None:
            redis.zrem(outbox.DUE_KEY, id)
        elif message.state != "planned" or not outbox.wait_for_sender(redis, message):
            answer_delivery.get_gateway().send_text(id)

    return process_each(redis, outbox.list_due(redis, now, MAX_PER_SWEEP), recheck)
