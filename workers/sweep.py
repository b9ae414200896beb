"""The sweep: enqueues what is due, recovers what was lost, and sends texts whose turn has come.

Any number of processes may run it at the same time.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from redis import Redis

from sending import outbox, pacing
from sending.webhooks import delivery_jobs
from sending.webhooks.queue import backlog
from store import Store
from store.outages import OUTAGE
from workers import answer_delivery, fanout, follower_notifications, pending_answers

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
MAX_PER_SWEEP = 50  # items of each kind
OUTAGE_SECONDS = 5.0  # a longer gap between two sweeps means that there was an outage
GRACE_SECONDS = 15.0  # after an outage, during which finished and repeated tasks may still answer
LOCK_TTL_SECONDS = 10  # then another process may process the item
MAX_CONCURRENT_SENDS = 8  # per process


class PatientSweeper:
    """Sweeps, but fails no overdue answers just after a store outage, so that finished answers are written first."""

    def __init__(self) -> None:
        self.swept_at = self.back_at = float("-inf")

    def __call__(self, redis: Redis) -> int:
        """Sweep once. Return the number of items processed."""
        count = sweep(redis, may_fail=self.may_fail)
        self.swept_at = time.monotonic()
        return count

    def may_fail(self) -> bool:
        """Return False just after an outage, detected by a long gap since the last sweep."""
        now = time.monotonic()
        if now - self.swept_at > OUTAGE_SECONDS:
            self.back_at = now
        return now - self.back_at > GRACE_SECONDS


def sweep(redis: Redis, now: float | None = None, may_fail: Callable[[], bool] = lambda: True) -> int:
    """Sweep once. Return the number of items processed."""
    count = fanout.fan_out(redis)  # first, because the steps below may take seconds
    now = now or time.time()  # after the fan-out, so that the webhooks it plans are due now
    count += delivery_jobs.enqueue_due(redis, now) + follower_notifications.plan_due(redis)
    backlog.trim(redis, now)
    if may_fail():
        count += _fail_overdue_answers(redis, now)
    return count


def send_waiting(_: Redis) -> None:
    """Send the messages whose turn has come, for at most a second. Notifications leave time for answers."""
    ahead = {outbox.WAITING_KEY: pacing.AHEAD_SECONDS, follower_notifications.WAITING_KEY: pacing.AHEAD_SECONDS / 2}
    until = time.monotonic() + INTERVAL_SECONDS
    while time.monotonic() < until and (ids := answer_delivery.get_gateway().release(MAX_CONCURRENT_SENDS, ahead)):
        with ThreadPoolExecutor(len(ids)) as pool:
            list(pool.map(follower_notifications.send, ids))


def _fail_overdue_answers(redis: Store, now: float) -> int:
    def fail(id: str) -> None:
        if pending_answers.load(redis, id) is None:
            redis.zrem(pending_answers.OPEN_KEY, id)
        answer_delivery.finish(redis, id, "failed", answer_delivery.TIMEOUT_MESSAGE)

    return process_each(redis, pending_answers.list_overdue(redis, now, MAX_PER_SWEEP), fail)


def process_each(redis: Store, ids: list[str], process: Callable[[str], object]) -> int:
    """Process the items that no other process has locked. Locks expire, in case the process that holds them dies.

    An item that fails keeps its lock until it expires, so that it neither delays the others nor is tried again at once.
    """
    count = 0
    for id in ids:
        lock = f"sweep-lock:{id}"
        if not redis.set(lock, 1, nx=True, ex=LOCK_TTL_SECONDS):
            continue
        count += 1
        try:
            process(id)
        except OUTAGE:
            raise
        except Exception:
            log.exception("%s failed; it is tried again in %d seconds", id, LOCK_TTL_SECONDS)
        else:
            redis.delete(lock)
    return count
