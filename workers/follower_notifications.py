"""Texts and calls to the followers of an event, sent when there are no answers to send.

Fan-out records the event. The sweep then plans one message for each follower; these wait in a queue of their own.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from events import Event
from sending import followers, outbox, text_circuit_breaker, unfollow_tokens
from sending.outbox import OutboundMessage
from sending.segments import count_segments
from sending.webhooks import event_schemas
from store import Pipe, Store
from workers import answer_delivery

NEW_EVENTS_KEY = "notifications:new"  # sorted set: ids of events without planned messages, scored by event time
WAITING_KEY = outbox.NOTIFICATIONS_KEY  # sorted set: ids of planned messages, scored by event time
EVENT_TTL_SECONDS = 24 * 3600
MAX_EVENTS_PER_SWEEP = 20
LOCK_TTL_SECONDS = 10  # then another process may plan the event's messages
CALL_ID_PREFIX, TEXT_ID_PREFIX = (f"{outbox.NOTIFICATION_PREFIX}{channel}:" for channel in ("call", "text"))


def plan(pipe: Pipe, event: Event, event_type: str) -> None:
    """Record that the followers of this event type are to be notified."""
    row: dict[Any, Any] = {"event_type": event_type, "summary": event_schemas.summarize(event)}
    row |= {"subject": event.subject, "time": event.time}
    pipe.hset(_event_key(event.id), mapping=row)
    pipe.expire(_event_key(event.id), EVENT_TTL_SECONDS)
    pipe.zadd(NEW_EVENTS_KEY, {event.id: event.time}, nx=True)


def plan_due(redis: Store) -> int:
    """Plan the messages for new events. Return the number of events."""
    ids = [id.decode() for id in redis.zrange(NEW_EVENTS_KEY, 0, MAX_EVENTS_PER_SWEEP - 1)]
    for id in ids:
        if redis.set(f"{_event_key(id)}:lock", 1, nx=True, ex=LOCK_TTL_SECONDS):
            _plan_for_followers(redis, id)
    return len(ids)


def send(id: str) -> None:
    """Send an outbox message whose turn has come: an answer, a call, or a notification that is still wanted."""
    gateway = answer_delivery.get_gateway()
    message = outbox.load(gateway.redis, id)
    if id.startswith(outbox.CALL_PREFIX):
        gateway.start_call(id)
    elif message is None or not id.startswith((CALL_ID_PREFIX, TEXT_ID_PREFIX)):
        gateway.send_text(id)
    elif message.state == "planned" and not _is_still_followed(message):
        outbox.settle(gateway.redis, message, "planned", "failed", reason="the recipient no longer follows this topic")
    elif id.startswith(CALL_ID_PREFIX) and not id.endswith(outbox.INSTEAD_OF_CALL_SUFFIX):
        gateway.start_call(id)
    else:
        gateway.send_text(id)


def unsubscribe_url(redis: Store, number: str) -> str:
    """Return the URL of the page where this number can unfollow everything, or "" if PUBLIC_URL is unset."""
    return _unsubscribe_urls(redis, [number])[number]


def _plan_for_followers(redis: Store, event_id: str) -> None:
    """Plan one message for each follower. Idempotent, even if two processes run it at the same time."""
    event = {name.decode(): value.decode() for name, value in redis.hgetall(_event_key(event_id)).items()}
    for channels in followers.iter_followers(redis, event["event_type"]) if event else ():
        urls, pipe = _unsubscribe_urls(redis, channels), redis.pipeline(transaction=False)
        for number, row in channels.items():
            channel, _, sender = row.partition(" ")
            is_call = channel == followers.CALL
            body = event["summary"] if is_call else _with_unsubscribe_url(event["summary"], urls[number])
            id = f"{CALL_ID_PREFIX if is_call else TEXT_ID_PREFIX}{event_id}:{_hash_number(number)}"
            message = OutboundMessage(id, number, body, event["subject"] or event_id, sender)
            outbox.plan(pipe, message, queue_key=WAITING_KEY, now=float(event["time"]))
            text_circuit_breaker.record_request(pipe, number)
        pipe.execute()
    redis.zrem(NEW_EVENTS_KEY, event_id)


def _is_still_followed(message: OutboundMessage) -> bool:
    redis = answer_delivery.get_gateway().redis
    event_id = message.id.split(":")[1]
    event_type = redis.hget(_event_key(event_id), "event_type")
    return event_type is None or bool(followers.get_channel(redis, message.to, event_type.decode()))


def _unsubscribe_urls(redis: Store, numbers: Iterable[str]) -> dict[str, str]:
    origin = answer_delivery.get_gateway().settings.public_url
    if not origin:
        return dict.fromkeys(numbers, "")
    tokens = unfollow_tokens.issue_unfollow_tokens(redis, numbers)
    return {number: f"{origin}/unfollow/{token}" for number, token in tokens.items()}


def _with_unsubscribe_url(text: str, url: str) -> str:
    """Append the URL, unless that would require another segment."""
    longer = f"{text}\nEnd: {url}" if url else text
    return longer if count_segments(longer) == count_segments(text) else text


def _event_key(event_id: str) -> str:
    return f"notification:{event_id}"


def _hash_number(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]
