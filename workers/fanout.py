"""From what happened to who wants to hear of it: the stream of events is read once, by whichever worker is first.

How far it was read is kept in the store and moves in the same transaction that plans what is to be sent: a worker may
die at any time, and two may read at once, and yet each event is planned once.
"""

import logging
from typing import Any

import events
from events import Event
from sending import followers
from sending.webhooks import catalogue, dispatch, endpoints, raw_payloads
from sending.webhooks.endpoints import Subscriber
from store import collect, commit
from workers import notifications

log = logging.getLogger(__name__)

CURSOR = "events:told"  # the id of the last event whose subscribers were told
MOST = 200  # events in one transaction
ROUNDS = 5  # transactions in one sweep


def fan_out(redis: Any) -> int:
    """Plan a webhook, or a telling, for everything new that somebody wants to hear. How many events that were."""
    told = 0
    for _ in range(ROUNDS):
        found, planned = _some(redis)
        told += planned
        if found < MOST:
            break
    return told


def _some(redis: Any) -> tuple[int, int]:
    newest = events.latest(redis, 1)  # before we look who listens: who comes later hears what comes later
    seen = (redis.get(CURSOR) or b"").decode()
    if not newest or newest[-1].id == seen:
        return 0, 0
    hooks = list(endpoints.everyone(redis))
    start = seen or _before_all(hooks, newest[-1].id)
    if start == newest[-1].id:
        _move(redis, collect(redis), seen, newest[-1].id)
        return 0, 0
    found, pipe = events.after(redis, start, MOST), collect(redis)
    names = {name for event in found if (name := catalogue.name_of(event))}
    followed = {name for name in names if followers.is_followed(redis, name)}
    if seen and not events.is_kept(redis, seen):
        log.warning("Events since %s are no longer kept: no worker was there, and who subscribed was not told", seen)
    planned = sum(_tell(redis, pipe, event, hooks, followed) for event in found)
    for event in found:
        raw_payloads.forget(pipe, event.facts.get("original", ""))
    return (len(found), planned) if found and _move(redis, pipe, seen, found[-1].id) else (0, 0)


def _before_all(hooks: list[Subscriber], newest: str) -> str:
    """Where to begin when nobody has ever read: at the first subscription, for a worker may start late."""
    return f"{min(1000 * one.made for one in hooks):.0f}-0" if hooks else newest


def _move(redis: Any, pipe: Any, seen: str, last: str) -> bool:
    pipe.execute_command("SET", CURSOR, last)
    return commit(redis, pipe, CURSOR, seen)


def _tell(redis: Any, pipe: Any, event: Event, hooks: list[Subscriber], followed: set[str]) -> bool:
    name = catalogue.name_of(event)
    if not name:
        return False
    hooked = any(one.state != "off" and one.wants(name) for one in hooks)
    if hooked:
        data = catalogue.data_of(event, raw_payloads.load(redis, event.facts.get("original", "")))
        dispatch.deliver_later(pipe, name, data, id=catalogue.message_of(event.id), now=event.at)
    if name in followed:
        notifications.plan(pipe, event, name)
    return hooked or name in followed
