"""Answers that people wait for while a task runs. Each has a record that outlives its RQ job, so no answer is lost."""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from rq import get_current_job

import events
from answer_outcomes import outcome_of
from masking import mask_words
from sending import text_circuit_breaker
from store import Pipe, Store, commit_if_unchanged, new_pipeline
from store.erasure import Erasure, erases, scan

OPEN_KEY = "pending-answers:open"  # sorted set: ids of open answers, scored by deadline
ANSWER_TTL_SECONDS = 7 * 24 * 3600

# waiting -> working -> answered | failed. A settled answer never changes: a late result does not replace an apology.
OPEN_STATES = ("waiting", "working")


@dataclass(frozen=True)
class PendingAnswer:
    """An answer that a task computes. Times are Unix timestamps. `subject` is the sid of the call or text.

    `route` is how a caller gets the answer: "" (undecided), "update" (by redirecting the live call), "wait" (when the
    waiting document is fetched again) or "text" (because the call has ended).
    """

    id: str
    command: str
    words: str
    channel: str  # text, call, or stage (nobody is waiting, and the stage shows the answer)
    phone_number: str
    subject: str
    deadline: float
    state: str = "waiting"
    answer: str = ""
    attempts: int = 0
    route: str = ""
    routed_at: float = 0.0
    asked_at: float = 0.0
    sender: str = ""  # the address of ours that was texted or called; "" is the default number

    @property
    def is_open(self) -> bool:
        """Whether the person is still waiting for the answer."""
        return self.state in OPEN_STATES


def derive_id(cause: str) -> str:
    """Return the id of the answer to this question, so that handling its webhook again creates no second answer."""
    return hashlib.sha256(cause.encode()).hexdigest()[:20]


def record_key(id: str) -> str:
    """Return the Redis key of the record."""
    return f"pending-answer:{id}"


def plan(pipe: Pipe, pending: PendingAnswer) -> None:
    """Queue the record's write on the pipeline of the webhook that asked. Does nothing if the id has a record."""
    key = record_key(pending.id)
    row = {**vars(pending), "asked_at": time.time()}
    for name in ("command", "words", "channel", "phone_number", "subject", "deadline", "state", "asked_at", "sender"):
        pipe.execute_command("HSETNX", key, name, row[name])
    pipe.execute_command("EXPIRE", key, ANSWER_TTL_SECONDS)
    pipe.execute_command("ZADD", OPEN_KEY, "NX", pending.deadline, pending.id)
    text_circuit_breaker.record_request(pipe, pending.phone_number)
    events.publish(
        pipe,
        "answer.queued",
        pending.subject,
        answer_id=pending.id,
        command=pending.command,
        words=mask_words(pending.words),
    )


def load(redis: Store, id: str) -> PendingAnswer | None:
    """Return the pending answer with this id, or None if it does not exist or has expired."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(record_key(id)).items()}
    if "state" not in row:
        return None
    numbers = {name: float(row.get(name, 0)) for name in ("deadline", "routed_at", "asked_at")}
    words = {
        name: row.get(name, "")
        for name in ("command", "words", "channel", "phone_number", "subject", "answer", "route", "sender")
    }
    found: dict[str, Any] = {**words, **numbers, "attempts": int(row.get("attempts", 0)), "state": row["state"]}
    return PendingAnswer(id=id, **found)


def load_current() -> PendingAnswer | None:
    """Return the pending answer of the RQ job that is running in this thread, or None outside such a job."""
    job = get_current_job()
    return load(job.connection, job.id) if job else None


def start(redis: Store, pending: PendingAnswer) -> bool:
    """Record that a worker has started the task. Return False if the answer is already settled."""
    current: PendingAnswer | None = pending
    while current is not None and current.is_open:
        pipe, attempt = new_pipeline(redis), current.attempts + 1
        pipe.hset(record_key(current.id), mapping={"state": "working", "attempts": attempt})
        events.publish(pipe, "answer.started", current.subject, answer_id=current.id, attempt=attempt)
        if _commit_if_unchanged(redis, pipe, current, "state", current.state):
            return True
        current = load(redis, current.id)  # another worker has started it, or the store did not answer in time
    return False


def settle(redis: Store, pending: PendingAnswer, state: str, answer: str, pipe: Pipe | None = None) -> bool:
    """Record the answer and execute the pipeline, unless the state has changed. Return whether this was done.

    `state` is answered or failed. Unless a call has yet to fetch the answer, only the state is kept: the text is in the
    outbox.
    """
    pipe, key = pipe if pipe is not None else new_pipeline(redis), record_key(pending.id)
    if pending.channel == "call":
        pipe.hset(key, mapping={"state": state, "answer": answer})
    else:
        pipe.delete(key)
        pipe.hset(key, "state", state)
        pipe.expire(key, ANSWER_TTL_SECONDS)
    pipe.zrem(OPEN_KEY, pending.id)
    seconds = round(time.time() - pending.asked_at, 2)
    if state == "answered":
        data = {"answer_id": pending.id, "answer": answer, "seconds": seconds, "outcome": outcome_of(answer)}
        events.publish(pipe, "answer.ready", pending.subject, **data)
    else:
        events.publish(pipe, "answer.failed", pending.subject, answer_id=pending.id, reason=answer, seconds=seconds)
    return _commit_if_unchanged(redis, pipe, pending, "state", pending.state)


def forget_words(pipe: Pipe, id: str) -> None:
    """Drop the words of a settled answer that the caller has heard, or gets as a text."""
    pipe.hdel(record_key(id), "words", "answer", "progress")


def report_progress(done: float, words: str) -> None:
    """Record and publish the progress of this thread's RQ job. Does nothing outside such a job, or once it is settled.

    `done` ranges from 0 to 1; `words` is a human-readable description, such as "4,000 of 10,000 read".
    """
    if (job := get_current_job()) is None or (pending := load(job.connection, job.id)) is None or not pending.is_open:
        return
    pipe = new_pipeline(job.connection)
    pipe.hset(record_key(pending.id), "progress", words)
    events.publish(pipe, "answer.progress", pending.subject, answer_id=pending.id, done=round(done, 2), words=words)
    _commit_if_unchanged(job.connection, pipe, pending, "state", pending.state)


def load_progress(redis: Store, id: str) -> str:
    """Return the text of the last progress report, or "" if there is none."""
    return (redis.hget(record_key(id), "progress") or b"").decode()


def claim_route(redis: Store, pending: PendingAnswer, route: str, pipe: Pipe | None = None) -> bool:
    """Set the route and execute the pipeline, unless the route has changed. Return whether this was done."""
    pipe = pipe if pipe is not None else new_pipeline(redis)
    pipe.hset(record_key(pending.id), mapping={"route": route, "routed_at": time.time()})
    return _commit_if_unchanged(redis, pipe, pending, "route", pending.route)


def list_overdue(redis: Store, now: float, limit: int = 100) -> list[str]:
    """Return the ids of open answers whose deadline has passed."""
    return [name.decode() for name in redis.zrangebyscore(OPEN_KEY, 0, now, start=0, num=limit)]


def count_open(redis: Store) -> int:
    """Return the number of open answers."""
    return int(redis.zcard(OPEN_KEY))


def _commit_if_unchanged(redis: Store, pipe: Pipe, pending: PendingAnswer, field: str, seen: str) -> bool:
    return commit_if_unchanged(redis, pipe, record_key(pending.id), seen, field=field)


@erases("questions and answers")
def erase_questions(redis: Store, erasure: Erasure) -> int:
    """Erase questions with their answers. A task whose record is gone tells nobody its result."""
    erased, prefix = 0, record_key("")
    for key in scan(redis, f"{prefix}*"):
        pending = load(redis, key.removeprefix(prefix))
        # Without a time, only the state is left, which is about nobody: see `settle`.
        if pending and pending.asked_at and erasure.covers(pending.phone_number, pending.asked_at):
            erasure.note_media(pending.words.encode())
            erasure.sids.add(pending.subject)
            redis.zrem(OPEN_KEY, pending.id)
            erased += redis.delete(key)
    return erased
