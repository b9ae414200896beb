"""Texts and calls to the followers of an event, sent at a limited rate so that answers never wait behind them.

Fan-out records the event. The sweep then plans one message for each follower, and enqueues jobs that send at most half
of what the limit on all texts allows.
"""

import hashlib
import time
from collections.abc import Iterable
from typing import Any

from redis import Redis

from events import Event
from sending import followers, outbox, rate_limits
from sending.outbox import OutboundMessage
from sending.segments import count_segments
from sending.webhooks import catalogue, dispatch
from store import Pipe, Store
from workers import callbacks

NEW_EVENTS_KEY = "notifications:new"  # sorted set: ids of events without planned messages, by the event's time
WAITING_KEY = "notifications:waiting"  # sorted set: ids of planned messages, by the event's time
EVENT_TTL_SECONDS = 24 * 3600
MAX_EVENTS_PER_SWEEP = 20
MAX_PER_SECOND = rate_limits.MAX_TOTAL_PER_MINUTE // 120
RECHECK_AFTER_SECONDS = 60  # then the sweep sends a message whose job was lost
LOCK_TTL_SECONDS = 10  # then another process may plan the messages of the event
JOB_TIMEOUT_SECONDS = 120
CALL_ID_PREFIX, TEXT_ID_PREFIX = "notify-call:", "notify-text:"  # of outbox messages

# Takes as many messages as this second's limit allows. Adds them to the outbox's due set with a later time, so that the
# sweep sends them if their job is lost.
RELEASE_SCRIPT = """
local second = 'notifications:second:' .. math.floor(ARGV[1])
local left = ARGV[2] - tonumber(redis.call('GET', second) or 0)
if left <= 0 then return {} end
local ids = {}
for at, word in ipairs(redis.call('ZPOPMIN', KEYS[1], left)) do
  if at % 2 == 1 then
    redis.call('ZADD', KEYS[2], 'NX', ARGV[3], word)
    table.insert(ids, word)
  end
end
redis.call('INCRBY', second, #ids)
redis.call('EXPIRE', second, 5)
return ids
"""


def plan(pipe: Pipe, event: Event, event_type: str) -> None:
    """Record that the followers of this event type are to be notified."""
    row: dict[Any, Any] = {"event_type": event_type, "summary": catalogue.summarize(event)}
    row |= {"subject": event.subject, "time": event.time}
    pipe.hset(_event_key(event.id), mapping=row)
    pipe.expire(_event_key(event.id), EVENT_TTL_SECONDS)
    pipe.zadd(NEW_EVENTS_KEY, {event.id: event.time}, nx=True)


def enqueue_due(redis: Redis, now: float | None = None) -> int:
    """Plan the messages of new events, and enqueue as many as this second allows. Return the number of both."""
    events = _plan_new_events(redis)
    if rate_limits.stop_reason(redis):
        return events  # the messages wait until sending is resumed
    ids = _release_messages(redis, now or time.time())
    if ids:
        dispatch.get_queue(redis).enqueue_call(
            deliver_notifications,
            args=(ids,),
            timeout=JOB_TIMEOUT_SECONDS,
            result_ttl=0,
            description=f"notify {len(ids)} followers",
        )
    return events + len(ids)


def _plan_new_events(redis: Store) -> int:
    ids = [id.decode() for id in redis.zrange(NEW_EVENTS_KEY, 0, MAX_EVENTS_PER_SWEEP - 1)]
    for id in ids:
        if redis.set(f"{_event_key(id)}:lock", 1, nx=True, ex=LOCK_TTL_SECONDS):
            _plan_for_followers(redis, id)
    return len(ids)


def _release_messages(redis: Store, now: float) -> list[str]:
    arguments = (WAITING_KEY, outbox.DUE_KEY, now, MAX_PER_SECOND, now + RECHECK_AFTER_SECONDS)
    return [id.decode() for id in redis.eval(RELEASE_SCRIPT, 2, *arguments)]


def deliver_notifications(ids: list[str]) -> None:
    """The job: send these outbox messages."""
    for id in ids:
        redis = callbacks.get_gateway().redis
        message = outbox.load(redis, id)
        if message is None or message.is_settled:
            redis.zrem(outbox.DUE_KEY, id)  # planned twice, because a process died halfway
        elif message.state == "planned" and not _is_still_followed(message):
            outbox.settle(redis, id, "planned", "failed", reason="they no longer follow it")
        elif id.startswith(CALL_ID_PREFIX):
            callbacks.get_gateway().start_call(id)
        else:
            callbacks.get_gateway().send_text(id)


def unsubscribe_url(redis: Store, number: str) -> str:
    """Return the URL of the page where this number can unfollow everything, or "" if PUBLIC_URL is unset."""
    return _unsubscribe_urls(redis, [number])[number]


def _plan_for_followers(redis: Store, event_id: str) -> None:
    """Plan one message for each follower. Idempotent, also when two processes run it at the same time."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(_event_key(event_id)).items()}
    for channels in followers.iter_followers(redis, row["event_type"]) if row else ():
        urls, pipe = _unsubscribe_urls(redis, channels), redis.pipeline(transaction=False)
        for number, channel in channels.items():
            is_call = channel == followers.CALL
            body = row["summary"] if is_call else _with_unsubscribe_url(row["summary"], urls[number])
            id = f"{CALL_ID_PREFIX if is_call else TEXT_ID_PREFIX}{event_id}:{_hash_number(number)}"
            message = OutboundMessage(id, number, body, row["subject"])
            outbox.plan(pipe, message, queue_key=WAITING_KEY, now=float(row["time"]))
        pipe.execute()
    redis.zrem(NEW_EVENTS_KEY, event_id)


def _is_still_followed(message: OutboundMessage) -> bool:
    redis = callbacks.get_gateway().redis
    event_id = message.id.split(":")[1]
    event_type = redis.hget(_event_key(event_id), "event_type")
    return event_type is None or bool(followers.get_channel(redis, message.to, event_type.decode()))


def _unsubscribe_urls(redis: Store, numbers: Iterable[str]) -> dict[str, str]:
    origin = callbacks.get_gateway().settings.public_url
    if not origin:
        return dict.fromkeys(numbers, "")
    tokens = followers.issue_unfollow_tokens(redis, numbers)
    return {number: f"{origin}/unfollow/{token}" for number, token in tokens.items()}


def _with_unsubscribe_url(text: str, url: str) -> str:
    """Append the URL, unless that would take another segment."""
    longer = f"{text}\nEnd: {url}" if url else text
    return longer if count_segments(longer) == count_segments(text) else text


def _event_key(event_id: str) -> str:
    return f"notification:{event_id}"


def _hash_number(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]
