"""Once more: one message, everything that failed in a while, or an example to try an endpoint with."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sending.webhooks import catalogue, payloads
from sending.webhooks.endpoints import DUE_KEY
from sending.webhooks.queue import MESSAGE_TTL_SECONDS

EXAMPLE_ID_PREFIX = "msg_example_"  # how the ids of examples begin
BATCH_SIZE = 100  # messages between two looks at how far it is
RESENT, EXPIRED, DISABLED = 1, 0, -1

# What is being sent right now is left alone: it ends by itself, and is due again should its sender have died.
RESEND_SCRIPT = """
local endpoint, delivery = 'endpoint:' .. ARGV[1], 'delivery:' .. ARGV[2] .. ':' .. ARGV[1]
local state = redis.call('HGET', endpoint, 'state')
if not state or redis.call('EXISTS', 'message:' .. ARGV[2]) == 0 then
  redis.call('ZREM', endpoint .. ':dead', ARGV[2])
  return 0
end
if state == 'disabled' then return -1 end
if redis.call('HGET', delivery, 'state') == 'sending' then return 1 end
redis.call('HSET', delivery, 'state', 'waiting', 'attempts', 0)
if redis.call('HEXISTS', delivery, 'sequence') == 0 then
  redis.call('HSET', delivery, 'sequence', redis.call('HINCRBY', endpoint, 'sequence', 1))
end
redis.call('EXPIRE', delivery, ARGV[4])
redis.call('ZREM', endpoint .. ':dead', ARGV[2])
redis.call('ZADD', endpoint .. ':due', ARGV[3], ARGV[2])
redis.call('ZADD', KEYS[1], 'LT', ARGV[3], ARGV[1])
return 1
"""


class EndpointDisabled(Exception):
    """Nothing is sent to this subscriber; the sentence says what to do first."""

    def __init__(self) -> None:
        super().__init__("We stopped sending to this subscriber. Resume it first, then send again.")


@dataclass(frozen=True)
class DeadLetter:
    """A message we gave up: when, in seconds since 1970. `event_type` is "" when it is not kept any more."""

    message: str
    event_type: str
    given_up_at: float


def resend(redis: Any, subscriber: str, message: str, now: float | None = None) -> bool:
    """Send this message once more: same id, same number, the schedule from its start. False: it is not kept any more.

    IsOff when nothing is sent there at all.
    """
    became = redis.eval(RESEND_SCRIPT, 1, DUE_KEY, subscriber, message, now or time.time(), MESSAGE_TTL_SECONDS)
    if became == DISABLED:
        raise EndpointDisabled
    return bool(became == RESENT)


def load_dead_letters(redis: Any, subscriber: str, most: int = 100) -> tuple[int, list[DeadLetter]]:
    """How many dead letters there are, and the newest of them, the newest first."""
    key = f"endpoint:{subscriber}:dead"
    newest = redis.zrevrange(key, 0, most - 1, withscores=True)
    pipe = redis.pipeline(transaction=False)
    for id, _ in newest:
        pipe.hget(f"message:{id.decode()}", "event_type")
    event_types = [(event_type or b"").decode() for event_type in pipe.execute()]
    letters = [
        DeadLetter(id.decode(), event_type, at) for (id, at), event_type in zip(newest, event_types, strict=True)
    ]
    return redis.zcard(key), letters


def find_failed(redis: Any, subscriber: str, since: float, until: float) -> list[str]:
    """What failed in that time and has not arrived: dead letters given up then, and what waits for another attempt."""
    dead_letters = redis.zrangebyscore(f"endpoint:{subscriber}:dead", since, until)
    waiting = redis.zrangebyscore(f"endpoint:{subscriber}:due", f"({until}", "+inf")
    pipe = redis.pipeline(transaction=False)
    for id in waiting:
        pipe.hmget(f"delivery:{id.decode()}:{subscriber}", "attempts", "started_at")
    tried = [
        id for id, (tries, began) in zip(waiting, pipe.execute(), strict=True) if _has_failed_since(tries, began, since)
    ]
    return [id.decode() for id in (*dead_letters, *tried)]


def recover(redis: Any, subscriber: str, since: float, until: float) -> Iterator[tuple[int, int]]:
    """Resend all that failed between these times; after each hundred: (how many are done, of how many).

    To begin again after the process died takes what is left. IsOff when nothing is sent there at all.
    """
    found = find_failed(redis, subscriber, since, until)
    yield 0, len(found)
    for start in range(0, len(found), BATCH_SIZE):
        for message in found[start : start + BATCH_SIZE]:
            resend(redis, subscriber, message)
        yield min(start + BATCH_SIZE, len(found)), len(found)


def send_example(redis: Any, subscriber: str, event_type: str, now: float | None = None) -> str:
    """Send the catalogue's example of this kind to this subscriber alone, whatever it wants to hear; the message's id.

    It is signed and tried like any other, and its id begins with `msg_example_`. IsOff as above.
    """
    now, id = now or time.time(), f"{EXAMPLE_ID_PREFIX}{secrets.token_hex(10)}"
    stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = payloads.serialize(catalogue.build_example(event_type) | {"timestamp": stamp})
    pipe = redis.pipeline()
    pipe.hset(f"message:{id}", mapping={"event_type": event_type, "body": body, "time": now, "endpoints": 1})
    pipe.expire(f"message:{id}", MESSAGE_TTL_SECONDS)
    pipe.execute()
    resend(redis, subscriber, id, now)
    return id


def _has_failed_since(tries: bytes | None, began: bytes | None, since: float) -> bool:
    return int(tries or 0) > 0 and float(began or 0) >= since
