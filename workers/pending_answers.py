"""An ask: something slow that a person wants to know. A row of its own in Redis, whatever becomes of its job."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from rq import get_current_job

import events
from masking import mask_words
from store import commit_if_unchanged, new_pipeline

OPEN_KEY = "pending-answers:open"  # every ask nobody has answered yet, by its deadline
ANSWER_TTL_SECONDS = 7 * 24 * 3600  # seconds a row is remembered after its last change
HISTORY_KEY = "command-history"  # what this number has been asked, for ever: command, channel and alias, never a number
MAX_HISTORY_ENTRIES = 1_000_000  # entries

# waiting -> working -> answered | failed. It only moves forward: a late answer does not undo an apology.
OPEN_STATES = ("waiting", "working")


@dataclass(frozen=True)
class PendingAnswer:
    """`subject` is the sid of the call or text it came with; `deadline` is in seconds since 1970.

    `route` says how the answer of a call was brought: "" not yet, "update" by a live update, "wait" by the waiting
    document, "text" as a text because the call was over.
    """

    id: str
    command: str
    words: str
    channel: str  # text, call, or stage when nobody waits for it
    phone_number: str
    subject: str
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


def record_key(id: str) -> str:
    """The Redis key of the hash that holds this answer."""
    return f"pending-answer:{id}"


def plan(pipe: Any, pending: PendingAnswer) -> None:
    """Write the row on the pipeline of the webhook that caused it. The same id is written once."""
    key = record_key(pending.id)
    row = {**asdict(pending), "asked_at": time.time()}
    for name in ("command", "words", "channel", "phone_number", "subject", "deadline", "state", "asked_at"):
        pipe.execute_command("HSETNX", key, name, row[name])
    pipe.execute_command("EXPIRE", key, ANSWER_TTL_SECONDS)
    pipe.execute_command("ZADD", OPEN_KEY, "NX", pending.deadline, pending.id)
    events.publish(
        pipe,
        "answer.queued",
        pending.subject,
        answer_id=pending.id,
        command=pending.command,
        words=mask_words(pending.words),
    )


def load(redis: Any, id: str) -> PendingAnswer | None:
    """The ask with this id, or None when there is none (any more)."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(record_key(id)).items()}
    if "state" not in row:
        return None
    numbers = {name: float(row.get(name, 0)) for name in ("deadline", "routed_at", "asked_at")}
    words = {
        name: row.get(name, "")
        for name in ("command", "words", "channel", "phone_number", "subject", "answer", "route")
    }
    found: dict[str, Any] = {**words, **numbers, "attempts": int(row.get("attempts", 0)), "state": row["state"]}
    return PendingAnswer(id=id, **found)


def load_current() -> PendingAnswer | None:
    """The pending answer of the RQ job that runs in this thread, or None outside such a job."""
    job = get_current_job()
    return load(job.connection, job.id) if job else None


def start(redis: Any, pending: PendingAnswer) -> bool:
    """A worker has it. False: it is settled, so there is nothing to do."""
    if not pending.is_open:
        return False
    pipe = new_pipeline(redis)
    pipe.hset(record_key(pending.id), mapping={"state": "working", "attempts": pending.attempts + 1})
    events.publish(pipe, "answer.started", pending.subject, answer_id=pending.id, attempt=pending.attempts + 1)
    return _commit_if_unchanged(redis, pipe, pending, "state", pending.state)


def settle(redis: Any, pending: PendingAnswer, state: str, answer: str, pipe: Any = None) -> bool:
    """To `answered` or `failed`, together with what else is on the pipeline. False: it was settled before."""
    pipe = pipe if pipe is not None else new_pipeline(redis)
    pipe.hset(record_key(pending.id), mapping={"state": state, "answer": answer})
    pipe.zrem(OPEN_KEY, pending.id)
    took = round(time.time() - pending.asked_at, 2)
    if state == "answered":
        events.publish(pipe, "answer.ready", pending.subject, answer_id=pending.id, answer=answer, seconds=took)
    else:
        events.publish(pipe, "answer.failed", pending.subject, answer_id=pending.id, reason=answer, seconds=took)
    return _commit_if_unchanged(redis, pipe, pending, "state", pending.state)


def report_progress(done: float, words: str) -> None:
    """Record and publish the progress of the RQ job that runs in this thread; does nothing outside such a job.

    `done` runs from 0 to 1; `words` describe it for people: "4,000 of 10,000 read".
    """
    if (job := get_current_job()) is None or (pending := load(job.connection, job.id)) is None:
        return
    pipe = job.connection.pipeline()
    pipe.hset(record_key(pending.id), "progress", words)
    events.publish(pipe, "answer.progress", pending.subject, answer_id=pending.id, done=round(done, 2), words=words)
    pipe.execute()


def load_progress(redis: Any, id: str) -> str:
    """The last reported words, or ""."""
    return (redis.hget(record_key(id), "progress") or b"").decode()


def claim_route(redis: Any, pending: PendingAnswer, route: str, pipe: Any = None) -> bool:
    """Decide how the answer reaches a call. False: somebody has decided otherwise meanwhile."""
    pipe = pipe if pipe is not None else new_pipeline(redis)
    pipe.hset(record_key(pending.id), mapping={"route": route, "routed_at": time.time()})
    return _commit_if_unchanged(redis, pipe, pending, "route", pending.route)


def overdue(redis: Any, now: float, limit: int = 100) -> list[str]:
    """The ids of open asks whose deadline has passed."""
    return [name.decode() for name in redis.zrangebyscore(OPEN_KEY, 0, now, start=0, num=limit)]


def count_open(redis: Any) -> int:
    """The number of pending answers that are still open."""
    return int(redis.zcard(OPEN_KEY))


def record_command(to: Any, command: str, channel: str, alias: str) -> None:
    """Write one line of the history that `count` reads."""
    fields = ("command", command, "channel", channel, "who", alias)
    to.execute_command("XADD", HISTORY_KEY, "MAXLEN", "~", MAX_HISTORY_ENTRIES, "*", *fields)


def _commit_if_unchanged(redis: Any, pipe: Any, pending: PendingAnswer, field: str, seen: str) -> bool:
    return commit_if_unchanged(redis, pipe, record_key(pending.id), seen, field=field)
