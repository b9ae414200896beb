"""The RQ queues. A pending answer and its job are enqueued in the transaction of the webhook that caused them."""

import time
from collections.abc import Callable

from redis import Redis
from rq import Callback, Queue
from rq.serializers import JSONSerializer

from store import Pipe
from workers import answer_delivery, pending_answers
from workers.pending_answers import PendingAnswer

CALLERS, TEXTERS, LOOKUPS, WEBHOOKS = "callers", "texters", "lookups", "webhooks"
QUEUES = (CALLERS, TEXTERS, LOOKUPS, WEBHOOKS)
QUEUE_BY_CHANNEL = {"call": CALLERS, "text": TEXTERS, "stage": TEXTERS}
# How many jobs from each queue one process can run at once. Each queue has its own slots, so that neither webhooks nor
# hanging third-party servers delay callers and texters.
SLOTS = {CALLERS: 200, TEXTERS: 200, LOOKUPS: 200, WEBHOOKS: 100}
GRACE_SECONDS = 5  # added to a job's timeout, so that the answer's deadline passes first
# Nobody reads results, and each takes more than 4 kB. Not 0: RQ would then delete the job while it holds a connection
# in WATCH, and would need a second one, which a small store may not have.
RESULT_TTL_SECONDS = 1
FAILURE_TTL_SECONDS = 600  # then RQ deletes the failed job

Task = Callable[[str], str]
"""Slow work: takes the command's words and returns the answer. It may run twice, so it must be idempotent."""


class Queues:
    """RQ's queues on one connection. Create them once per process: each new Queue queries the server's version."""

    def __init__(self, redis: Redis) -> None:
        self.by_name = {name: Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES}

    def enqueue(self, pipe: Pipe, pending: PendingAnswer, task: Task) -> None:
        """Record the pending answer and enqueue its job, on this pipeline. Both have the same id."""
        pending_answers.plan(pipe, pending)
        queue = LOOKUPS if getattr(task, "is_lookup", False) else QUEUE_BY_CHANNEL[pending.channel]
        self.by_name[queue].enqueue_call(
            task,
            args=(pending.words,),
            job_id=pending.id,
            timeout=max(1, int(pending.deadline - time.time()) + GRACE_SECONDS),
            result_ttl=RESULT_TTL_SECONDS,
            failure_ttl=FAILURE_TTL_SECONDS,
            description=f"{pending.command} ({pending.channel})",
            at_front=pending.channel == "call",  # a caller is on the line
            on_success=Callback(answer_delivery.on_success),
            on_failure=Callback(answer_delivery.on_failure),
            pipeline=pipe,
        )

    def enqueue_after_call(self, pipe: Pipe, sid: str) -> None:
        """Enqueue, on this pipeline, the job that texts unheard answers after a call."""
        self.by_name[CALLERS].enqueue_call(
            answer_delivery.text_unheard_answers,
            args=(sid,),
            job_id=f"after-{sid}",
            result_ttl=RESULT_TTL_SECONDS,
            failure_ttl=FAILURE_TTL_SECONDS,
            description="after a call",
            pipeline=pipe,
        )
