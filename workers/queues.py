"""The queues, and how an ask gets on one: together with the webhook that caused it, or not at all."""

import time
from collections.abc import Callable
from typing import Any

from rq import Callback, Queue
from rq.serializers import JSONSerializer

from workers import callbacks, pending_answers
from workers.pending_answers import PendingAnswer

# In the order they are served: somebody on the line, somebody with a phone in the hand, another server.
CALLERS, TEXTERS, WEBHOOKS = "callers", "texters", "webhooks"
QUEUES = (CALLERS, TEXTERS, WEBHOOKS)
QUEUE_BY_CHANNEL = {"call": CALLERS, "text": TEXTERS, "stage": TEXTERS}
GRACE_SECONDS = 5  # seconds a job may run over its ask's deadline, so that the deadline is what people are told of
RESULT_TTL_SECONDS = 3_600  # seconds RQ keeps a finished or failed job for `rq info` and the registries

Task = Callable[[str], str]
"""Slow work: takes the words that were asked, answers with what to say. Plain values, and safe to run twice."""


class Queues:
    """RQ's queues on one connection, made once per process: each asks the server for its version when it is new."""

    def __init__(self, redis: Any) -> None:
        self.by_name = {name: Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES}

    def enqueue(self, pipe: Any, pending: PendingAnswer, task: Task) -> None:
        """The ask and its job, on the pipeline of the webhook that caused them. The job's id is the ask's."""
        pending_answers.plan(pipe, pending)
        self.by_name[QUEUE_BY_CHANNEL[pending.channel]].enqueue_call(
            task,
            args=(pending.words,),
            job_id=pending.id,
            timeout=max(1, int(pending.deadline - time.time()) + GRACE_SECONDS),
            result_ttl=RESULT_TTL_SECONDS,
            failure_ttl=RESULT_TTL_SECONDS,
            description=f"{pending.command} ({pending.channel})",
            on_success=Callback(callbacks.on_success),
            on_failure=Callback(callbacks.on_failure),
            pipeline=pipe,
        )

    def enqueue_after_call(self, pipe: Any, sid: str) -> None:
        """When a call has ended: somebody sees to the answers that were not heard."""
        self.by_name[CALLERS].enqueue_call(
            callbacks.text_unheard_answers,
            args=(sid,),
            job_id=f"after-{sid}",
            result_ttl=RESULT_TTL_SECONDS,
            failure_ttl=RESULT_TTL_SECONDS,
            description="after a call",
            pipeline=pipe,
        )
