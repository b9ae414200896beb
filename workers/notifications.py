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
from sending.outbox import Effect
from sending.segments import segments
from sending.webhooks import catalogue, dispatch
from workers import callbacks

NEW = "tellings:new"  # events whose followers have not been found yet, by when they happened
CROWD = "tellings:crowd"  # effects that wait for their turn, by the same
KEPT = 24 * 3600  # seconds
EVENTS = 20  # whose followers one round finds
A_SECOND = rate_limits.ALL_A_MINUTE // 120
AGAIN = 60  # seconds after which the sweep looks whether a job did its work
TURN = 10  # seconds one process may take to find the followers of one event before another tries
TAKES = 120  # seconds a job may run
SPOKEN = "spoken:"  # how the id of an effect begins that is to be a call

# So many as this second still allows, each handed to the sweep's own look-out in case its job is lost.
RELEASE = """
local second = 'tellings:second:' .. math.floor(ARGV[1])
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
    row = {"name": name, "line": catalogue.line_of(event), "story": event.story, "at": event.at}
    pipe.hset(f"telling:{event.id}", mapping=row)
    pipe.expire(f"telling:{event.id}", KEPT)
    pipe.zadd(NEW, {event.id: event.at}, nx=True)


def due(redis: Any, now: float | None = None) -> int:
    """One round of the sweep: find the followers of new events, give workers what may leave now. How much that was."""
    now = now or time.time()
    found = [id.decode() for id in redis.zrange(NEW, 0, EVENTS - 1)]
    for id in found:
        if redis.set(f"telling:{id}:mine", 1, nx=True, ex=TURN):
            _find_followers(redis, id)
    if rate_limits.stopped(redis):
        return len(found)  # what waits is not refused for that; it leaves when sending goes on
    ids = [id.decode() for id in redis.eval(RELEASE, 2, CROWD, outbox.DUE, now, A_SECOND, now + AGAIN)]
    if ids:
        about = f"telling {len(ids)} followers"
        dispatch.queue(redis).enqueue_call(bring, args=(ids,), timeout=TAKES, result_ttl=0, description=about)
    return len(found) + len(ids)


def bring(ids: list[str]) -> None:
    """The job: text or call each of these."""
    for id in ids:
        redis = callbacks.telephone().redis
        effect = outbox.load(redis, id)
        if effect is None or effect.is_settled:
            redis.zrem(outbox.DUE, id)  # planned again by somebody who died halfway
        elif effect.state == "planned" and not _still_wanted(effect):
            outbox.settle(redis, id, "planned", "refused", reason="they follow it no more")
        elif id.startswith(SPOKEN):
            callbacks.telephone().call(id)
        else:
            callbacks.telephone().text(id)


def _find_followers(redis: Any, id: str) -> None:
    """Safe to repeat, and to do twice at once: each effect is planned once."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(f"telling:{id}").items()}
    for some in followers.of(redis, row["name"]) if row else ():
        ways, pipe = _ways_out(redis, some), redis.pipeline(transaction=False)
        for number, by in some.items():
            is_call = by == followers.CALL
            words = row["line"] if is_call else _longer(row["line"], ways[number])
            effect = Effect(f"{SPOKEN if is_call else 'follow:'}{id}:{_mark(number)}", number, words, row["story"])
            outbox.plan(pipe, effect, due=CROWD, now=float(row["at"]))
        pipe.execute()
    redis.zrem(NEW, id)


def _still_wanted(effect: Effect) -> bool:
    redis = callbacks.telephone().redis
    name = redis.hget(f"telling:{effect.id.split(':')[1]}", "name")
    return name is None or bool(followers.channel(redis, effect.to, name.decode()))


def way_out(redis: Any, number: str) -> str:
    """The address where one press ends all that this number follows; "" when the world has no way to us."""
    return _ways_out(redis, [number])[number]


def _ways_out(redis: Any, numbers: Iterable[str]) -> dict[str, str]:
    origin = callbacks.telephone().settings.public_url
    if not origin:
        return dict.fromkeys(numbers, "")
    return {number: f"{origin}/unfollow/{word}" for number, word in followers.links(redis, numbers).items()}


def _longer(line: str, way: str) -> str:
    """The line with the way out, where that costs no further segment."""
    longer = f"{line}\nEnd: {way}" if way else line
    return longer if segments(longer) == segments(line) else line


def _mark(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]
