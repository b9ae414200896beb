"""Whatever reaches a person is written down first, so that it happens once: planned, sending, then sent or refused."""

import time
from dataclasses import dataclass
from typing import Any

from store import collect, commit

DUE = "effects:due"  # every unsettled effect, by the time somebody must look at it
KEPT = 7 * 24 * 3600  # seconds an effect is remembered
SENDING_TAKES = 30  # seconds. The REST client gives up after 10; longer than this and its process is dead
SETTLED = ("sent", "refused")

# planned  -> sending             somebody is calling Twilio
# sending  -> sent | refused      Twilio answered
# sending  -> planned             Twilio certainly did not do it (429, connection refused): later again
# sending  -> unknown             it may have done it: look there before doing anything
# unknown  -> sent | planned      what the look found


@dataclass(frozen=True)
class Effect:
    """One text to one person. `story` is the call or text that caused it."""

    id: str
    to: str
    body: str
    story: str
    state: str = "planned"
    sid: str = ""
    reason: str = ""
    tries: int = 0
    began: float = 0.0  # seconds since 1970: when the last try began

    @property
    def is_settled(self) -> bool:
        """True once nothing more will be tried."""
        return self.state in SETTLED


def plan(pipe: Any, effect: Effect, now: float | None = None, due: str = DUE) -> None:
    """Write the effect down, on the pipeline of whatever causes it. The same id is planned once.

    `due` names another waiting room for what is in no hurry; from there it comes to DUE.
    """
    key = f"effect:{effect.id}"
    for name, value in (("to", effect.to), ("body", effect.body), ("story", effect.story), ("state", "planned")):
        pipe.execute_command("HSETNX", key, name, value)
    pipe.execute_command("EXPIRE", key, KEPT)
    pipe.execute_command("ZADD", due, "NX", now or time.time(), effect.id)


def load(redis: Any, id: str) -> Effect | None:
    """The effect with this id, or None when it is not (or no longer) known."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(f"effect:{id}").items()}
    if not row:
        return None
    return Effect(
        id,
        row["to"],
        row["body"],
        row["story"],
        row["state"],
        row.get("sid", ""),
        row.get("reason", ""),
        int(row.get("tries", 0)),
        float(row.get("began", 0)),
    )


def begin(redis: Any, effect: Effect, now: float | None = None) -> bool:
    """planned -> sending. False: somebody else has it."""
    now = now or time.time()
    facts = {"tries": effect.tries + 1, "began": now}
    return _move(redis, effect.id, "planned", "sending", facts, look_again=now + SENDING_TAKES)


def settle(redis: Any, id: str, seen: str, state: str, **facts: Any) -> bool:
    """To `sent` or `refused`: nothing is left to do. False: it was settled already."""
    return _move(redis, id, seen, state, facts, look_again=None)


def doubt(redis: Any, id: str, look_again: float) -> bool:
    """sending -> unknown: nobody resends it before it was looked up at Twilio."""
    return _move(redis, id, "sending", "unknown", {}, look_again)


def postpone(redis: Any, id: str, seen: str, look_again: float, reason: str = "") -> bool:
    """Back to planned: Twilio certainly has not done it."""
    return _move(redis, id, seen, "planned", {"reason": reason}, look_again)


def look_later(redis: Any, id: str, seen: str, look_again: float) -> bool:
    """Nothing was found out; the doubt stays."""
    return _move(redis, id, seen, "unknown", {}, look_again)


def overdue(redis: Any, now: float, most: int = 100) -> list[str]:
    """The ids of effects that somebody must look at now."""
    return [name.decode() for name in redis.zrangebyscore(DUE, 0, now, start=0, num=most)]


def took(redis: Any, sid: str, id: str) -> bool:
    """Remember that this message is this effect's. False: another effect has claimed it."""
    return bool(redis.set(f"effect-of:{sid}", id, nx=True, ex=KEPT)) or redis.get(f"effect-of:{sid}") == id.encode()


def _move(redis: Any, id: str, seen: str, state: str, facts: dict[str, Any], look_again: float | None) -> bool:
    key, pipe = f"effect:{id}", collect(redis)
    row: dict[Any, Any] = {**facts, "state": state}
    pipe.hset(key, mapping=row)
    if look_again is None:
        pipe.zrem(DUE, id)
    else:
        pipe.zadd(DUE, {id: look_again})
    return commit(redis, pipe, key, seen, field="state")
