"""An ask: something slow that a person wants to know. A row of its own in Redis, whatever becomes of its job."""

import time
from dataclasses import asdict, dataclass
from typing import Any

import events
from masking import mask_words
from store import commit_if_unchanged, new_pipeline

OPEN_KEY = "asks:open"  # every ask nobody has answered yet, by its deadline
ANSWER_TTL_SECONDS = 7 * 24 * 3600  # seconds a row is remembered after its last change
HISTORY_KEY = "asked"  # what this number has been asked, for ever: command, channel and alias, never a number
MAX_HISTORY_ENTRIES = 1_000_000  # entries

# waiting -> working -> answered | failed. It only moves forward: a late answer does not undo an apology.
OPEN_STATES = ("waiting", "working")


@dataclass(frozen=True)
class PendingAnswer:
    """`story` is the sid of the call or text it came with; `deadline` is in seconds since 1970.

    `route` says how the answer of a call was brought: "" not yet, "update" by a live update, "wait" by the waiting
    document, "text" as a text because the call was over.
    """

    id: str
    command: str
    words: str
    channel: str  # text, call, or stage when nobody waits for it
    person: str
    story: str
    deadline: float
    state: str = "waiting"
    answer: str = ""
    attempts: int = 0
    route: str = ""
    routed_at: float = 0.0
    asked_at: float = 0.0

    @property
    def is_open(self) -> bool:
        """True while the person still waits."""
        return self.state in OPEN_STATES


def plan(pipe: Any, ask: PendingAnswer) -> None:
    """Write the row on the pipeline of the webhook that caused it. The same id is written once."""
    key = f"ask:{ask.id}"
    row = {**asdict(ask), "asked_at": time.time()}
    for name in ("command", "words", "channel", "person", "story", "deadline", "state", "asked_at"):
        pipe.execute_command("HSETNX", key, name, row[name])
    pipe.execute_command("EXPIRE", key, ANSWER_TTL_SECONDS)
    pipe.execute_command("ZADD", OPEN_KEY, "NX", ask.deadline, ask.id)
    events.publish(pipe, "answer.queued", ask.story, answer_id=ask.id, command=ask.command, words=mask_words(ask.words))


def load(redis: Any, id: str) -> PendingAnswer | None:
    """The ask with this id, or None when there is none (any more)."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(f"ask:{id}").items()}
    if "state" not in row:
        return None
    numbers = {name: float(row.get(name, 0)) for name in ("deadline", "routed_at", "asked_at")}
    words = {name: row.get(name, "") for name in ("command", "words", "channel", "person", "story", "answer", "route")}
    found: dict[str, Any] = {**words, **numbers, "attempts": int(row.get("attempts", 0)), "state": row["state"]}
    return PendingAnswer(id=id, **found)


def start(redis: Any, ask: PendingAnswer) -> bool:
    """A worker has it. False: it is settled, so there is nothing to do."""
    if not ask.is_open:
        return False
    pipe = new_pipeline(redis)
    pipe.hset(f"ask:{ask.id}", mapping={"state": "working", "attempts": ask.attempts + 1})
    events.publish(pipe, "answer.started", ask.story, answer_id=ask.id, attempt=ask.attempts + 1)
    return _commit_if_unchanged(redis, pipe, ask, "state", ask.state)


def settle(redis: Any, ask: PendingAnswer, state: str, answer: str, pipe: Any = None) -> bool:
    """To `answered` or `failed`, together with what else is on the pipeline. False: it was settled before."""
    pipe = pipe if pipe is not None else new_pipeline(redis)
    pipe.hset(f"ask:{ask.id}", mapping={"state": state, "answer": answer})
    pipe.zrem(OPEN_KEY, ask.id)
    took = round(time.time() - ask.asked_at, 2)
    if state == "answered":
        events.publish(pipe, "answer.ready", ask.story, answer_id=ask.id, answer=answer, seconds=took)
    else:
        events.publish(pipe, "answer.failed", ask.story, answer_id=ask.id, reason=answer, seconds=took)
    return _commit_if_unchanged(redis, pipe, ask, "state", ask.state)


def claim_route(redis: Any, ask: PendingAnswer, route: str, pipe: Any = None) -> bool:
    """Decide how the answer reaches a call. False: somebody has decided otherwise meanwhile."""
    pipe = pipe if pipe is not None else new_pipeline(redis)
    pipe.hset(f"ask:{ask.id}", mapping={"route": route, "routed_at": time.time()})
    return _commit_if_unchanged(redis, pipe, ask, "route", ask.route)


def overdue(redis: Any, now: float, limit: int = 100) -> list[str]:
    """The ids of open asks whose deadline has passed."""
    return [name.decode() for name in redis.zrangebyscore(OPEN_KEY, 0, now, start=0, num=limit)]


def record_command(to: Any, command: str, channel: str, alias: str) -> None:
    """Write one line of the history that `count` reads."""
    fields = ("command", command, "channel", channel, "who", alias)
    to.execute_command("XADD", HISTORY_KEY, "MAXLEN", "~", MAX_HISTORY_ENTRIES, "*", *fields)


def _commit_if_unchanged(redis: Any, pipe: Any, ask: PendingAnswer, field: str, seen: str) -> bool:
    return commit_if_unchanged(redis, pipe, f"ask:{ask.id}", seen, field=field)
