"""What is due: webhooks, overdue asks, answers that were not heard, texts left in doubt. Safe to run anywhere."""

import logging
import time
from collections.abc import Callable
from typing import Any

from sending import outbox
from sending.webhooks import dispatch
from workers import callbacks, fanout, notifications, pending_answers

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0  # seconds
MAX_PER_SWEEP = 50  # of each in one sweep, so that one sweep stays short
LOCK_TTL_SECONDS = 10  # seconds one process may take with one thing before another tries


def sweep(redis: Any, now: float | None = None) -> int:
    """One round; answers how many things it saw to. Several processes may sweep at once: each thing is taken once."""
    told = fanout.fan_out(redis)  # first: a text to Twilio may take seconds
    now = now or time.time()  # only now, so that what was just planned is due
    told += dispatch.enqueue_due(redis, now) + notifications.due(redis, now)
    return (
        told
        + _fail_overdue_answers(redis, now)
        + _recheck_unheard_answers(redis, now)
        + _resume_unsettled_texts(redis, now)
    )


def _fail_overdue_answers(redis: Any, now: float) -> int:
    def give_up(id: str) -> None:
        if pending_answers.load(redis, id) is None:
            redis.zrem(pending_answers.OPEN_KEY, id)
        callbacks.finish(redis, id, "failed", callbacks.TIMEOUT_MESSAGE)

    return _process_each(redis, pending_answers.overdue(redis, now, MAX_PER_SWEEP), give_up)


def _recheck_unheard_answers(redis: Any, now: float) -> int:
    found = [name.decode() for name in redis.zrangebyscore(callbacks.UNHEARD_KEY, 0, now, start=0, num=MAX_PER_SWEEP)]
    return _process_each(redis, found, lambda id: callbacks.recheck_unheard(redis, id))


def _resume_unsettled_texts(redis: Any, now: float) -> int:
    def go_on(id: str) -> None:
        if callbacks.get_gateway().send_text(id) == "unknown" and outbox.load(redis, id) is None:
            redis.zrem(outbox.DUE_KEY, id)

    return _process_each(redis, outbox.list_due(redis, now, MAX_PER_SWEEP), go_on)


def _process_each(redis: Any, ids: list[str], see_to: Callable[[str], object]) -> int:
    """See to each, one process at a time; the mark of a process that died ends by itself."""
    mine = [id for id in ids if redis.set(f"sweep-lock:{id}", 1, nx=True, ex=LOCK_TTL_SECONDS)]
    for id in mine:
        see_to(id)
        redis.delete(f"sweep-lock:{id}")
    return len(mine)
