"""An event is told to the people who follow it: by jobs, at a pace that stops nobody else's texts.

An event waits as one thing until its followers are found, in one round of the sweep; what is to be sent to each is
written down, and leaves as fast as half of the ceiling on all texts allows.
"""

import hashlib
import time
from collections.abc import Iterable
from typing import Any

from events import Event
from sending import followers, outbox, rate_limits
from sending.outbox import OutboundMessage
from sending.segments import count_segments
from sending.webhooks import catalogue, dispatch
from workers import callbacks

NEW_EVENTS_KEY = "notifications:new"  # events whose followers have not been found yet, by when they happened
WAITING_KEY = "notifications:waiting"  # effects that wait for their turn, by the same
EVENT_TTL_SECONDS = 24 * 3600  # seconds
MAX_EVENTS_PER_SWEEP = 20  # whose followers one round finds
MAX_PER_SECOND = rate_limits.MAX_TOTAL_PER_MINUTE // 120
RECHECK_AFTER_SECONDS = 60  # seconds after which the sweep looks whether a job did its work
LOCK_TTL_SECONDS = 10  # seconds one process may take to find the followers of one event before another tries
JOB_TIMEOUT_SECONDS = 120  # seconds a job may run
CALL_ID_PREFIX = "notify-call:"  # how the id of an effect begins that is to be a call

# So many as this second still allows, each handed to the sweep's own look-out in case its job is lost.
RELEASE_SCRIPT = """
local second = 'notifications:second:' .. math.floor(ARGV[1])
local left = ARGV[2] - tonumber(redis.call('GET', second) or 0)
if left <= 0 then return {} end
local found = {}
for at, word in ipairs(redis.call('ZPOPMIN', KEYS[1], left)) do
  if at % 2 == 1 then
    redis.call('ZADD', KEYS[2], 'NX', ARGV[3], word)
    table.insert(found, word)
  end
end
redis.call('INCRBY', second, #found)
redis.call('EXPIRE', second, 5)
return found
"""


def plan(pipe: Any, event: Event, name: str) -> None:
    """Write down that this event is to be told to who follows it."""
    row = {"name": name, "line": catalogue.summarize(event), "subject": event.subject, "time": event.time}
    pipe.hset(f"notification:{event.id}", mapping=row)
    pipe.expire(f"notification:{event.id}", EVENT_TTL_SECONDS)
    pipe.zadd(NEW_EVENTS_KEY, {event.id: event.time}, nx=True)


def due(redis: Any, now: float | None = None) -> int:
    """One round of the sweep: find the followers of new events, give workers what may leave now. How much that was."""
    now = now or time.time()
    found = [id.decode() for id in redis.zrange(NEW_EVENTS_KEY, 0, MAX_EVENTS_PER_SWEEP - 1)]
    for id in found:
        if redis.set(f"notification:{id}:lock", 1, nx=True, ex=LOCK_TTL_SECONDS):
            _plan_for_followers(redis, id)
    if rate_limits.stop_reason(redis):
        return len(found)  # what waits is not refused for that; it leaves when sending goes on
    ids = [
        id.decode()
        for id in redis.eval(
            RELEASE_SCRIPT, 2, WAITING_KEY, outbox.DUE_KEY, now, MAX_PER_SECOND, now + RECHECK_AFTER_SECONDS
        )
    ]
    if ids:
        about = f"telling {len(ids)} followers"
        dispatch.get_queue(redis).enqueue_call(
            deliver_notifications, args=(ids,), timeout=JOB_TIMEOUT_SECONDS, result_ttl=0, description=about
        )
    return len(found) + len(ids)


def deliver_notifications(ids: list[str]) -> None:
    """The job: text or call each of these."""
    for id in ids:
        redis = callbacks.get_gateway().redis
        effect = outbox.load(redis, id)
        if effect is None or effect.is_settled:
            redis.zrem(outbox.DUE_KEY, id)  # planned again by somebody who died halfway
        elif effect.state == "planned" and not _is_still_followed(effect):
            outbox.settle(redis, id, "planned", "failed", reason="they follow it no more")
        elif id.startswith(CALL_ID_PREFIX):
            callbacks.get_gateway().start_call(id)
        else:
            callbacks.get_gateway().send_text(id)


def _plan_for_followers(redis: Any, id: str) -> None:
    """Safe to repeat, and to do twice at once: each effect is planned once."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(f"notification:{id}").items()}
    for some in followers.iter_followers(redis, row["name"]) if row else ():
        ways, pipe = _unsubscribe_urls(redis, some), redis.pipeline(transaction=False)
        for number, by in some.items():
            is_call = by == followers.CALL
            words = row["line"] if is_call else _with_unsubscribe_url(row["line"], ways[number])
            effect = OutboundMessage(
                f"{CALL_ID_PREFIX if is_call else 'notify-text:'}{id}:{_hash_number(number)}",
                number,
                words,
                row["subject"],
            )
            outbox.plan(pipe, effect, queue_key=WAITING_KEY, now=float(row["time"]))
        pipe.execute()
    redis.zrem(NEW_EVENTS_KEY, id)


def _is_still_followed(effect: OutboundMessage) -> bool:
    redis = callbacks.get_gateway().redis
    name = redis.hget(f"notification:{effect.id.split(':')[1]}", "name")
    return name is None or bool(followers.get_channel(redis, effect.to, name.decode()))


def unsubscribe_url(redis: Any, number: str) -> str:
    """The address where one press ends all that this number follows; "" when the world has no way to us."""
    return _unsubscribe_urls(redis, [number])[number]


def _unsubscribe_urls(redis: Any, numbers: Iterable[str]) -> dict[str, str]:
    origin = callbacks.get_gateway().settings.public_url
    if not origin:
        return dict.fromkeys(numbers, "")
    return {
        number: f"{origin}/unfollow/{word}" for number, word in followers.issue_unfollow_tokens(redis, numbers).items()
    }


def _with_unsubscribe_url(line: str, way: str) -> str:
    """The line with the way out, where that costs no further segment."""
    longer = f"{line}\nEnd: {way}" if way else line
    return longer if count_segments(longer) == count_segments(line) else line


def _hash_number(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]
