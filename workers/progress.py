"""Long work shows how far it is: on the stage, and in what a waiting caller is told."""

from typing import Any

from rq import get_current_job

import events
from workers import pending_answers


def report(done: float, words: str) -> None:
    """`done` from 0 to 1, `words` for people ("4,000 of 10,000 read"). Outside a job it does nothing."""
    job = get_current_job()
    if job is None or (pending := pending_answers.load(job.connection, job.id)) is None:
        return
    pipe = job.connection.pipeline()
    pipe.hset(pending_answers.record_key(pending.id), "progress", words)
    events.publish(pipe, "answer.progress", pending.subject, answer_id=pending.id, done=round(done, 2), words=words)
    pipe.execute()


def load(redis: Any, answer_id: str) -> str:
    """What was last reported, or ""."""
    return (redis.hget(pending_answers.record_key(answer_id), "progress") or b"").decode()
