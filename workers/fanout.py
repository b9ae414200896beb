"""From what happened to who wants to hear of it: the stream of events is read once, by whichever worker is first.

How far it was read is kept in the store and moves in the same transaction that plans what is to be sent: a worker may
die at any time, and two may read at once, and yet each event is planned once.
"""

import logging
from typing import Any

import events
from events import Event
from sending import followers, raw_payloads
from sending.webhooks import catalogue, dispatch, endpoints
from sending.webhooks.endpoints import WebhookEndpoint
from store import commit_if_unchanged, new_pipeline
from workers import notifications

log = logging.getLogger(__name__)

CURSOR_KEY = "events:fanout-cursor"  # the id of the last event whose subscribers were told
MAX_EVENTS_PER_BATCH = 200  # events in one transaction
MAX_BATCHES_PER_SWEEP = 5  # transactions in one sweep


def fan_out(redis: Any) -> int:
    """Plan a webhook, or a telling, for everything new that somebody wants to hear. How many events that were."""
    told = 0
    for _ in range(MAX_BATCHES_PER_SWEEP):
        found, planned = _fan_out_batch(redis)
        told += planned
        if found < MAX_EVENTS_PER_BATCH:
            break
    return told


def _fan_out_batch(redis: Any) -> tuple[int, int]:
    newest = events.read_latest(redis, 1)  # before we look who listens: who comes later hears what comes later
    seen = (redis.get(CURSOR_KEY) or b"").decode()
    if not newest or newest[-1].id == seen:
        return 0, 0
    hooks = list(endpoints.load_all(redis))
    start = seen or _find_start(hooks, newest[-1].id)
    if start == newest[-1].id:
        _advance_cursor(redis, new_pipeline(redis), seen, newest[-1].id)
        return 0, 0
    found, pipe = events.read_after(redis, start, MAX_EVENTS_PER_BATCH), new_pipeline(redis)
    names = {name for event in found if (name := catalogue.public_type(event))}
    followed = {name for name in names if followers.is_followed(redis, name)}
    if seen and not events.is_kept(redis, seen):
        log.warning("Events since %s are no longer kept: no worker was there, and who subscribed was not told", seen)
    planned = sum(_plan_event(redis, pipe, event, hooks, followed) for event in found)
    for event in found:
        raw_payloads.delete(pipe, event.data.get("original", ""))
    return (len(found), planned) if found and _advance_cursor(redis, pipe, seen, found[-1].id) else (0, 0)


def _find_start(hooks: list[WebhookEndpoint], newest: str) -> str:
    """Where to begin when nobody has ever read: at the first subscription, for a worker may start late."""
    return f"{min(1000 * one.created_at for one in hooks):.0f}-0" if hooks else newest


def _advance_cursor(redis: Any, pipe: Any, seen: str, last: str) -> bool:
    pipe.execute_command("SET", CURSOR_KEY, last)
    return commit_if_unchanged(redis, pipe, CURSOR_KEY, seen)


def _plan_event(redis: Any, pipe: Any, event: Event, hooks: list[WebhookEndpoint], followed: set[str]) -> bool:
    name = catalogue.public_type(event)
    if not name:
        return False
    hooked = any(one.state != "disabled" and one.subscribes_to(name) for one in hooks)
    if hooked:
        data = catalogue.build_data(event, raw_payloads.load(redis, event.data.get("original", "")))
        dispatch.deliver_later(pipe, name, data, id=catalogue.message_id_for(event.id), now=event.time)
    if name in followed:
        notifications.plan(pipe, event, name)
    return hooked or name in followed
