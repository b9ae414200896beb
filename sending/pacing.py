"""Limits texts to each sender's permitted rate. A script in the store releases messages for all processes, in batches.

The script stores the time at which the sender will be free again. Each message delays that time in proportion to its
number of segments. Unused capacity is lost, so a burst of messages never exceeds AHEAD_SECONDS of capacity.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sending import outbox, text_circuit_breaker
from store import Store

FREE_AT_KEY = "sender:free-at"  # when the default number can send the next segment, as a Unix timestamp
RELEASED_AT_KEY = "sender:released-at"  # when the default number's messages were last released, likewise
SET_BACK_SECONDS = 60  # a clock that is further behind RELEASED_AT_KEY has been set back; clocks differ by less
TTL_SECONDS = 24 * 3600
AHEAD_SECONDS = 1.0  # how early a message may be sent: workers ask once per second, and Twilio queues early texts
FORECAST_SAMPLE = 200  # the number of waiting texts whose segments are counted; the rest is extrapolated
LEASE_SECONDS = 20  # after that, another process may send the message; longer than a request takes

RELEASE_SCRIPT = f"""
local stopped, free, released_at = unpack(redis.call('MGET', KEYS[1], KEYS[2], KEYS[4]))
if stopped then return {{}} end
local now, segment, most, lease = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local is_set_back = tonumber(released_at or 0) > now + {SET_BACK_SECONDS}
free = is_set_back and now or math.max(now, tonumber(free or 0))
local ids = {{}}
for at = 5, #KEYS do
  while free <= now + ARGV[at] and #ids < most do
    local id = redis.call('ZPOPMIN', KEYS[at])[1]
    if not id then break end
    local row = redis.call('HMGET', 'outbox:' .. id, 'state', 'segments')
    if row[1] == 'planned' then
      free = free + segment * (row[2] or 1)
      redis.call('ZADD', KEYS[3], lease, id)
      ids[#ids + 1] = id
    end
  end
end
redis.call('SET', KEYS[2], string.format('%.6f', free), 'EX', ARGV[#KEYS + 1])
redis.call('SET', KEYS[4], now, 'EX', ARGV[#KEYS + 1])
return ids
"""

PAUSE_SCRIPT = """
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.6f', free), 'EX', ARGV[2])
"""


def release(redis: Store, rate: int, most: int, now: float, ahead: Mapping[str, float], sender: str = "") -> list[str]:
    """Return the ids of up to `most` messages to send now, oldest first, or none while all sending is stopped.

    `rate` is in segments per second. `ahead` maps each queue, most urgent first, to how many seconds early its messages
    may be sent. If the caller dies, the outbox recovers the messages after LEASE_SECONDS.
    """
    queues = [outbox.queue_of(sender, queue) for queue in ahead]
    released_at_key = outbox.queue_of(sender, RELEASED_AT_KEY)
    keys = (text_circuit_breaker.STOPPED_KEY, _free_at_key(sender), outbox.DUE_KEY, released_at_key, *queues)
    arguments = (now, 1 / rate, most, now + LEASE_SECONDS, *ahead.values(), TTL_SECONDS)
    return [id.decode() for id in redis.eval(RELEASE_SCRIPT, len(keys), *keys, *arguments)]


def refund(redis: Store, rate: int, segments: int, sender: str = "") -> None:
    """Give back the sending time of a message that was released but must not be sent."""
    redis.execute_command("INCRBYFLOAT", _free_at_key(sender), -segments / rate)
    redis.expire(_free_at_key(sender), TTL_SECONDS)


def pause(redis: Store, until: float, sender: str = "") -> None:
    """Release no messages from this sender before this time."""
    redis.eval(PAUSE_SCRIPT, 1, _free_at_key(sender), until, TTL_SECONDS)


@dataclass(frozen=True)
class Forecast:
    """What it takes to send all waiting texts: their number, their segments, and the duration at the senders' rates."""

    texts: int = 0
    segments: int = 0
    seconds: float = 0.0
    rate: int = 1


def forecast(redis: Store, rate_of: Callable[[str], int]) -> Forecast:
    """Return the forecast for the texts that are waiting now. `rate_of` returns a sender's segments per second."""
    rows = [_forecast(redis, sender, rate_of(sender)) for sender in outbox.list_senders(redis)]
    rate = sum(row.rate for row in rows if row.texts) or rate_of("")
    texts, segments = sum(row.texts for row in rows), sum(row.segments for row in rows)
    return Forecast(texts, segments, max(row.seconds for row in rows), rate)


def _forecast(redis: Store, sender: str, rate: int) -> Forecast:
    pipe, queue = redis.pipeline(transaction=False), outbox.queue_of(sender)
    for id in redis.zrange(queue, 0, FORECAST_SAMPLE - 1):
        pipe.hget(f"outbox:{id.decode()}", "segments")
    counted = [int(segments or 1) for segments in pipe.execute()]
    texts = int(redis.zcard(queue))
    segments = round(texts * sum(counted) / max(len(counted), 1))
    return Forecast(texts, segments, segments / rate, rate)


def count_waiting(redis: Store) -> int:
    """Return the number of texts waiting for their senders, not counting notifications."""
    return sum(count_waiting_by_sender(redis).values())


def count_waiting_by_sender(redis: Store) -> dict[str, int]:
    """Return how many texts, except notifications, wait for each sender; the default number is ""."""
    return {sender: int(redis.zcard(outbox.queue_of(sender))) for sender in outbox.list_senders(redis)}


def _free_at_key(sender: str) -> str:
    return outbox.queue_of(sender, FREE_AT_KEY)
