"""Plans the webhooks and notifications for each new event that endpoints or followers have subscribed to.

A cursor in Redis marks the last processed event. It moves in the transaction that plans the messages, so each event is
processed exactly once, even if workers die or process the same event at the same time.
"""

from typing import Any

import events
from events import Event
from sending import followers, provider_payloads
from sending.webhooks import delivery_jobs, event_schemas
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from sending.webhooks.queue import messages
from store import Pipe, Store, commit_if_unchanged, memory_usage, new_pipeline
from workers import follower_notifications

MAX_EVENTS_PER_BATCH = 200  # per transaction
MAX_BATCHES_PER_SWEEP = 50
LAST_SEQUENCE = 2**64 - 1  # the highest sequence number in an event's id, where it follows the store's milliseconds


def fan_out(redis: Store) -> int:
    """Process the new events, and trim the stream. Return the number of events that have subscribers."""
    total = 0
    for _ in range(MAX_BATCHES_PER_SWEEP):
        processed, planned = _fan_out_batch(redis)
        total += planned
        if processed < MAX_EVENTS_PER_BATCH:
            break
    events.trim(redis, memory_usage.history_factor(memory_usage.used_share(redis)))
    return total


def _fan_out_batch(redis: Store) -> tuple[int, int]:
    newest = events.read_latest(redis, 1)  # read before the endpoints, so that a new endpoint gets only later events
    cursor = (redis.get(events.CURSOR_KEY) or b"").decode()
    if not newest or newest[-1].id == cursor:
        return 0, 0
    receivers = list(stored_endpoints.load_all(redis))
    start = cursor or _find_start(receivers, newest[-1].id)
    if start == newest[-1].id:
        _advance_cursor(redis, new_pipeline(redis), cursor, newest[-1].id)
        return 0, 0
    batch, pipe = events.read_after(redis, start, MAX_EVENTS_PER_BATCH), new_pipeline(redis)
    types = {type for event in batch if (type := event_schemas.public_type(event))}
    followed = {type for type in types if followers.is_followed(redis, type)}
    payloads = provider_payloads.load_all(redis, [event.data.get("raw_payload", "") for event in batch])
    planned = 0
    for event, payload in zip(batch, payloads, strict=True):
        planned += _plan_event(pipe, event, payload, receivers, followed)
        provider_payloads.delete(pipe, event.data.get("raw_payload", ""))
    return (len(batch), planned) if batch and _advance_cursor(redis, pipe, cursor, batch[-1].id) else (0, 0)


def _find_start(receivers: list[WebhookEndpoint], newest: str) -> str:
    """Return where to start if there is no cursor: before the millisecond in which the oldest endpoint was created, or
    at the newest event if there are no endpoints."""
    if not receivers:
        return newest
    return f"{int(min(1000 * one.created_at for one in receivers)) - 1}-{LAST_SEQUENCE}"


def _advance_cursor(redis: Store, pipe: Pipe, cursor: str, last: str) -> bool:
    pipe.execute_command("SET", events.CURSOR_KEY, last)
    return commit_if_unchanged(redis, pipe, events.CURSOR_KEY, cursor)


def _plan_event(pipe: Pipe, event: Event, payload: Any, receivers: list[WebhookEndpoint], followed: set[str]) -> bool:
    event_type = event_schemas.public_type(event)
    if not event_type:
        return False
    has_receiver = any(one.state != "disabled" and one.subscribes_to(event_type) for one in receivers)
    if has_receiver:
        data = event_schemas.build_data(event, payload)
        delivery_jobs.deliver_later(pipe, event_type, data, id=messages.id_for_event(event.id), now=event.time)
    if event_type in followed:
        follower_notifications.plan(pipe, event, event_type)
    return has_receiver or event_type in followed
