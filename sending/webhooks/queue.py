"""What waits for whom: the schedule of all webhooks, in Redis, so that any process may die at any time.

An endpoint's messages wait in a sorted set by the time of their next attempt. A slot is the right to send to one
endpoint, held for a lease and renewed with each message; there are at most `max_concurrency` of them, and a single one
while the endpoint is failing. A message being sent becomes due again when its lease ends, in case the sender died.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import NoScriptError

from sending.webhooks.attempt import DeliveryAttempt, WebhookMessage
from sending.webhooks.endpoints import DUE_KEY, WebhookEndpoint

LEASE_SECONDS = 60.0  # seconds; two requests and a fallback take 45 at the most
MESSAGE_TTL_SECONDS = 7 * 24 * 3600  # seconds a message and what became of it are remembered
MAX_ATTEMPTS_KEPT = 1_000  # per subscriber
MAX_DEAD_LETTERS = 10_000  # per subscriber
MAX_CONSECUTIVE_FAILURES = 5  # failures in a row after which one probe at a time goes out
MIN_PROBE_INTERVAL_SECONDS, MAX_PROBE_INTERVAL_SECONDS = 30, 1_800  # seconds between probes, doubling


@dataclass(frozen=True)
class ClaimedMessage:
    """A message to send now, how many attempts just before were lost with their process, and how many hear of it."""

    message: WebhookMessage
    lost: int
    endpoint_count: int


# Keys are made from ids inside the scripts: one Redis, no cluster, as everywhere in this house.
ADD_SCRIPT = """
local endpoint, delivery = 'endpoint:' .. ARGV[1], 'delivery:' .. ARGV[2] .. ':' .. ARGV[1]
local state = redis.call('HGET', endpoint, 'state')
if not state or state == 'disabled' or redis.call('HSETNX', delivery, 'state', 'waiting') == 0 then return 0 end
redis.call('HSET', delivery, 'sequence', redis.call('HINCRBY', endpoint, 'sequence', 1), 'attempts', 0)
redis.call('EXPIRE', delivery, ARGV[4])
redis.call('ZADD', endpoint .. ':due', ARGV[3], ARGV[2])
redis.call('ZADD', KEYS[1], 'LT', ARGV[3], ARGV[1])
return 1
"""

TAKE_DUE_SCRIPT = """
local now, found = tonumber(ARGV[1]), {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[3])) do
  local known = redis.call('HMGET', 'endpoint:' .. id, 'state', 'hold_until', 'failures')
  local first = redis.call('ZRANGE', 'endpoint:' .. id .. ':due', 0, 0, 'WITHSCORES')
  local at = math.max(tonumber(known[2] or 0), tonumber(first[2] or 0))
  if known[1] ~= 'enabled' or not first[2] then
    redis.call('ZREM', KEYS[1], id)
  elseif at > now then
    redis.call('ZADD', KEYS[1], at, id)
  else
    redis.call('ZADD', KEYS[1], ARGV[2], id)
    table.insert(found, {id, redis.call('ZCOUNT', 'endpoint:' .. id .. ':due', '-inf', now), tonumber(known[3] or 0)})
  end
end
return found
"""

ACQUIRE_SCRIPT = """
local endpoint, now = 'endpoint:' .. ARGV[1], tonumber(ARGV[3])
local known = redis.call('HMGET', endpoint, 'state', 'hold_until', 'failures')
if known[1] ~= 'enabled' or tonumber(known[2] or 0) > now then return 0 end
redis.call('ZREMRANGEBYSCORE', endpoint .. ':slots', '-inf', now)
local most = tonumber(known[3] or 0) >= tonumber(ARGV[6]) and 1 or tonumber(ARGV[5])
if redis.call('ZCARD', endpoint .. ':slots') >= most then return 0 end
return redis.call('ZADD', endpoint .. ':slots', ARGV[4], ARGV[2])
"""

RELEASE_FUNCTION = """
local function leave(endpoint, id, lane)
  redis.call('ZREM', endpoint .. ':slots', lane)
  local known = redis.call('HMGET', endpoint, 'state', 'hold_until')
  local first = redis.call('ZRANGE', endpoint .. ':due', 0, 0, 'WITHSCORES')
  if known[1] ~= 'enabled' or not first[2] then return redis.call('ZREM', KEYS[1], id) end
  return redis.call('ZADD', KEYS[1], math.max(tonumber(first[2]), tonumber(known[2] or 0)), id)
end
"""

RELEASE_SCRIPT = RELEASE_FUNCTION + "return leave('endpoint:' .. ARGV[1], ARGV[1], ARGV[2])"

CLAIM_SCRIPT = (
    RELEASE_FUNCTION
    + """
local endpoint, now, rate = 'endpoint:' .. ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[5])
local is_held = redis.call('ZSCORE', endpoint .. ':slots', ARGV[2])
local function claim()
  local known = redis.call('HMGET', endpoint, 'state', 'hold_until', 'failures')
  if known[1] ~= 'enabled' or tonumber(known[2] or 0) > now then return false end
  local is_failing = tonumber(known[3] or 0) >= tonumber(ARGV[6])
  if is_failing and redis.call('ZCARD', endpoint .. ':slots') > 1 then return false end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', endpoint .. ':due', '-inf', now, 'LIMIT', 0, 100)) do
    local delivery = 'delivery:' .. id .. ':' .. ARGV[1]
    local message = redis.call('HMGET', 'message:' .. id, 'event_type', 'body', 'endpoints')
    if not message[2] or redis.call('EXISTS', delivery) == 0 then
      redis.call('ZREM', endpoint .. ':due', id)
    else
      local second = endpoint .. ':second:' .. math.floor(now)
      if rate > 0 and redis.call('INCR', second) > rate then return false end
      if rate > 0 then redis.call('EXPIRE', second, 3) end
      redis.call('ZADD', endpoint .. ':due', ARGV[4], id)
      redis.call('ZADD', endpoint .. ':slots', ARGV[4], ARGV[2])
      if redis.call('HGET', delivery, 'state') == 'sending' then redis.call('HINCRBY', delivery, 'lost_attempts', 1) end
      redis.call('HSET', delivery, 'state', 'sending', 'started_at', now)
      local tries = redis.call('HINCRBY', delivery, 'attempts', 1)
      local facts = redis.call('HMGET', delivery, 'sequence', 'lost_attempts')
      return {id, message[1], message[2], facts[1], tries, facts[2], message[3]}
    end
  end
  return false
end
local claimed = is_held and claim()
if not claimed and (is_held or ARGV[7] == 'next') then leave(endpoint, ARGV[1], ARGV[2]) end
return claimed
"""
)

SETTLE_SCRIPT = """
local endpoint, id, now = 'endpoint:' .. ARGV[1], ARGV[2], tonumber(ARGV[4])
local delivery, result = 'delivery:' .. id .. ':' .. ARGV[1], ARGV[5]
if redis.call('EXISTS', endpoint) == 0 then return {0, 0} end
for at = 14, #ARGV do redis.call('XADD', endpoint .. ':attempts', 'MAXLEN', '~', ARGV[12], '*', 'a', ARGV[at]) end
redis.call('HDEL', delivery, 'lost_attempts')
local failures, failing = 0, tonumber(redis.call('HGET', endpoint, 'failing_since') or 0)
if result == 'delivered' then
  redis.call('HSET', endpoint, 'failures', 0, 'failing_since', 0, 'hold_until', 0)
elseif result ~= 'filtered' then
  failures = redis.call('HINCRBY', endpoint, 'failures', 1)
  if failing == 0 then failing = now redis.call('HSET', endpoint, 'failing_since', now) end
  local hold = tonumber(ARGV[7])
  local over = failures - tonumber(ARGV[8])
  if over >= 0 then
    hold = math.max(hold, now + math.min(tonumber(ARGV[9]) * 2 ^ math.min(over, 20), tonumber(ARGV[10])) * ARGV[11])
  end
  if hold > now then redis.call('HSET', endpoint, 'hold_until', hold) end
end
local known = redis.call('HMGET', delivery, 'state', 'attempts')
if known[1] == 'delivered' then return {failures, failing} end
if result ~= 'delivered' and (known[1] ~= 'sending' or known[2] ~= ARGV[3]) then return {failures, failing} end
if result == 'waiting' then
  redis.call('ZADD', endpoint .. ':due', ARGV[6], id)
else
  redis.call('ZREM', endpoint .. ':due', id)
end
redis.call('HSET', delivery, 'state', result)
if result == 'dead' then
  redis.call('ZADD', endpoint .. ':dead', now, id)
  redis.call('ZREMRANGEBYRANK', endpoint .. ':dead', 0, -1 - tonumber(ARGV[13]))
end
return {failures, failing}
"""


class DeliveryQueue:
    """The scripts on one store. Every method is one step that happens as a whole."""

    def __init__(self, redis: Any) -> None:
        self.redis = redis
        self._names = {
            script: redis.script_load(script)
            for script in (ADD_SCRIPT, TAKE_DUE_SCRIPT, ACQUIRE_SCRIPT, CLAIM_SCRIPT, SETTLE_SCRIPT, RELEASE_SCRIPT)
        }

    def add(self, message: str, subscribers: list[str], now: float) -> int:
        """The message waits for each of these. Safe to repeat. Answers for how many it is new."""
        return sum(
            self._run(
                *(ScriptCall(ADD_SCRIPT, [DUE_KEY], [id, message, now, MESSAGE_TTL_SECONDS]) for id in subscribers)
            )
        )

    def take(self, now: float, most: int, again: float) -> list[tuple[str, int, int]]:
        """Subscribers with something due: (id, how many messages, failures in a row). They are due again at `again`."""
        (found,) = self._run(ScriptCall(TAKE_DUE_SCRIPT, [DUE_KEY], [now, again, most]))
        return [(id.decode(), waiting, failures) for id, waiting, failures in found]

    def enter(self, subscriber: WebhookEndpoint, lane: str, now: float) -> ClaimedMessage | None:
        """The first message, and with it the right to send to this subscriber until the lease ends.

        None: there is nothing to send, its lanes are taken, or it is left in peace.
        """
        enter = ScriptCall(
            ACQUIRE_SCRIPT,
            [],
            [subscriber.id, lane, now, now + LEASE_SECONDS, subscriber.max_concurrency, MAX_CONSECUTIVE_FAILURES],
        )
        _, got = self._run(enter, _claim_call(subscriber, lane, now, "first"))
        return _parse_claim(got)

    def settle(
        self, subscriber: WebhookEndpoint, lane: str, settled: "DeliveryResult", now: float, more: bool
    ) -> tuple[float, ClaimedMessage | None]:
        """Write down what came of one message and, if `more`, claim the next: in one round trip.

        Answers since when the subscriber has taken nothing (0: it does take some), and the claim; without one, the
        lane is given back.
        """
        following = _claim_call(subscriber, lane, now, "next") if more else _release_call(subscriber.id, lane)
        result, got = self._run(settled.call(subscriber.id, now), following, also=settled.extra_writes)
        return float(result[1]), _parse_claim(got) if more else None

    def leave(self, subscriber: str, lane: str) -> None:
        """Give the lane back; the subscriber is due again when its next message is."""
        self._run(_release_call(subscriber, lane))

    def _run(self, *calls: "ScriptCall", also: Callable[[Any], None] | None = None) -> list[Any]:
        """Everything in one round trip. A store that was restarted has forgotten its scripts, and is told again."""
        for _ in range(2):
            pipe = self.redis.pipeline(transaction=False)
            for call in calls:
                pipe.evalsha(self._names[call.script], len(call.keys), *call.keys, *call.arguments)
            if also:
                also(pipe)
            try:
                return pipe.execute()[: len(calls)]  # type: ignore[no-any-return]
            except NoScriptError:
                for script in self._names:
                    self.redis.script_load(script)
        raise RuntimeError("The store does not keep our scripts.")


@dataclass(frozen=True)
class DeliveryResult:
    """What came of one message: `result` is delivered, waiting (until `next_at`), dead or filtered.

    `hold` leaves the whole subscriber in peace until then. `chance` (0 to 1) spreads the probes of a failing one.
    `telling` puts further writes on the same pipeline.
    """

    message: WebhookMessage
    rows: list[DeliveryAttempt]
    result: str
    next_attempt_at: float = 0.0
    hold: float = 0.0
    chance: float = 1.0
    extra_writes: Callable[[Any], None] | None = None

    def call(self, subscriber: str, now: float) -> "ScriptCall":
        """The script and its arguments."""
        what = [
            subscriber,
            self.message.id,
            self.message.attempt_number,
            now,
            self.result,
            self.next_attempt_at,
            self.hold,
        ]
        limits = [
            MAX_CONSECUTIVE_FAILURES,
            MIN_PROBE_INTERVAL_SECONDS,
            MAX_PROBE_INTERVAL_SECONDS,
            self.chance,
            MAX_ATTEMPTS_KEPT,
            MAX_DEAD_LETTERS,
        ]
        rows = [json.dumps(vars(row), ensure_ascii=False, separators=(",", ":")) for row in self.rows]
        return ScriptCall(SETTLE_SCRIPT, [], [*what, *limits, *rows])


@dataclass(frozen=True)
class ScriptCall:
    """One script with its arguments."""

    script: str
    keys: list[str]
    arguments: list[Any]


def _claim_call(subscriber: WebhookEndpoint, lane: str, now: float, which: str) -> ScriptCall:
    """A lane that lost its right gives back what it had; one that never had it has nothing to give back."""
    return ScriptCall(
        CLAIM_SCRIPT,
        [DUE_KEY],
        [subscriber.id, lane, now, now + LEASE_SECONDS, subscriber.rate_limit, MAX_CONSECUTIVE_FAILURES, which],
    )


def _release_call(subscriber: str, lane: str) -> ScriptCall:
    return ScriptCall(RELEASE_SCRIPT, [DUE_KEY], [subscriber, lane])


def _parse_claim(got: list[Any] | None) -> ClaimedMessage | None:
    if not got:
        return None
    id, event_type, body, sequence, tries, lost, endpoint_count = got
    message = WebhookMessage(id.decode(), event_type.decode(), body, int(sequence), tries)
    return ClaimedMessage(message, lost=int(lost or 0), endpoint_count=int(endpoint_count or 0))
