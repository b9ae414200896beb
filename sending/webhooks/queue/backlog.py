"""The memory used by waiting messages: a limit for each endpoint, and the cleanup when an endpoint is deleted."""

import logging
import time
from collections import Counter

from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.stored_endpoints import ENDPOINTS_KEY
from sending.webhooks.queue.delivery_queue import MAX_DEAD_LETTERS, load_script
from sending.webhooks.queue.messages import DELIVERED_TTL_SECONDS, MAX_KEPT_BYTES, MESSAGE_TTL_SECONDS
from store import Store, memory_usage
from store.erasure import Erasure, erases

log = logging.getLogger(__name__)

MAX_BACKLOG_SHARE = 0.3  # of the store's `maxmemory`, for the messages that wait for one endpoint
MAX_BACKLOG_BYTES = 100_000_000  # if the store has no `maxmemory`
MESSAGES_PER_CALL, MAX_CALLS = 500, 20  # the store executes nothing else during a script
TRIM_SCRIPT = load_script("stored_message", "trim_backlogs")
FREE_SCRIPT = load_script("stored_message", "free_waiting")
KEPT = (MAX_KEPT_BYTES, DELIVERED_TTL_SECONDS, MESSAGE_TTL_SECONDS)


def trim(redis: Store, now: float | None = None) -> int:
    """Turn the oldest messages in excess of each endpoint's limit into dead letters. Returns their number.

    Under memory pressure, endpoints that are paused, disabled or failing get a smaller limit, as history does.
    """
    usage = memory_usage.read(redis)
    limit = MAX_BACKLOG_SHARE * usage.max_bytes if usage.max_bytes else MAX_BACKLOG_BYTES
    limits = (limit, limit * memory_usage.history_factor(usage.share), MESSAGES_PER_CALL, MAX_DEAD_LETTERS)
    total: Counter[bytes] = Counter()
    for _ in range(MAX_CALLS):
        found = dict(redis.eval(TRIM_SCRIPT, 1, ENDPOINTS_KEY, now or time.time(), *limits, *KEPT))
        total.update(found)
        if sum(found.values()) < MESSAGES_PER_CALL:
            break
    for id, count in total.items():
        log.warning("%d messages to %s are now dead letters: too many were waiting for it", count, id.decode())
    return total.total()


def delete_endpoint(redis: Store, id: str) -> None:
    """Delete the endpoint, if it exists, with all its data and the messages that wait for it alone."""
    while redis.eval(FREE_SCRIPT, 0, id, MESSAGES_PER_CALL, *KEPT):
        pass
    stored_endpoints.delete(redis, id)


@erases("webhook endpoints registered by phone")
def erase(redis: Store, erasure: Erasure) -> int:
    """Delete the endpoints whose owner is a phone number."""
    every = stored_endpoints.load_all(redis)
    covered = [one for one in every if one.owner and erasure.covers(one.owner, one.created_at)]
    for endpoint in covered:
        delete_endpoint(redis, endpoint.id)
    return len(covered)
