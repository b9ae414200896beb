"""The sweep: enqueues what is due and recovers what was lost. Any number of processes may run it at the same time."""

import time
from collections.abc import Callable

from redis import Redis

from sending import outbox
from sending.webhooks import dispatch
from store import Store
from workers import callbacks, fanout, notifications, pending_answers

INTERVAL_SECONDS = 1.0
MAX_PER_SWEEP = 50  # items of each kind
OUTAGE_SECONDS = 5.0  # between two sweeps
GRACE_SECONDS = 15.0  # after an outage, in which finished and repeated tasks may still answer
LOCK_TTL_SECONDS = 10  # then another process may process the item


class PatientSweeper:
    """Sweeps, but fails no overdue answer just after an outage of the store: what is finished is written first."""

    def __init__(self) -> None:
        self.swept_at = self.back_at = float("-inf")

    def __call__(self, redis: Redis) -> int:
        """Sweep once. Return the number of items processed."""
        count = sweep(redis, may_fail=self.may_fail)
        self.swept_at = time.monotonic()
        return count

    def may_fail(self) -> bool:
        """Return False just after an outage, which shows in that the last sweep ended long ago."""
        now = time.monotonic()
        if now - self.swept_at > OUTAGE_SECONDS:
            self.back_at = now
        return now - self.back_at > GRACE_SECONDS


def sweep(redis: Redis, now: float | None = None, may_fail: Callable[[], bool] = lambda: True) -> int:
    """Sweep once. Return the number of items processed."""
    count = fanout.fan_out(redis)  # first, because the steps below may take seconds
    now = now or time.time()  # after the fan-out, so that the webhooks it plans are due now
    count += dispatch.enqueue_due(redis, now) + notifications.enqueue_due(redis, now)
    if may_fail():
        count += _fail_overdue_answers(redis, now)
    count += _recheck_unheard_answers(redis, now)
    return count + _resume_unsettled_messages(redis, now)


def _fail_overdue_answers(redis: Store, now: float) -> int:
    def fail(id: str) -> None:
        if pending_answers.load(redis, id) is None:
            redis.zrem(pending_answers.OPEN_KEY, id)
        callbacks.finish(redis, id, "failed", callbacks.TIMEOUT_MESSAGE)

    return _process_each(redis, pending_answers.list_overdue(redis, now, MAX_PER_SWEEP), fail)


def _recheck_unheard_answers(redis: Store, now: float) -> int:
    ids = [id.decode() for id in redis.zrangebyscore(callbacks.UNHEARD_KEY, 0, now, start=0, num=MAX_PER_SWEEP)]
    return _process_each(redis, ids, lambda id: callbacks.recheck_unheard(redis, id))


def _resume_unsettled_messages(redis: Store, now: float) -> int:
    def resume(id: str) -> None:
        if callbacks.get_gateway().send_text(id) == "unknown" and outbox.load(redis, id) is None:
            redis.zrem(outbox.DUE_KEY, id)

    return _process_each(redis, outbox.list_due(redis, now, MAX_PER_SWEEP), resume)


def _process_each(redis: Store, ids: list[str], process: Callable[[str], object]) -> int:
    """Process the items that no other process has locked. A lock expires in case its process dies."""
    locked = [id for id in ids if redis.set(f"sweep-lock:{id}", 1, nx=True, ex=LOCK_TTL_SECONDS)]
    for id in locked:
        process(id)
        redis.delete(f"sweep-lock:{id}")
    return len(locked)
