"""Delivers answers: as a text, or spoken into the live call. A failed task ends in an apology, never in silence."""

import functools
import logging
import time
from types import TracebackType

from redis import Redis
from rq.job import Job
from rq.timeouts import JobTimeoutException

import config
import events
from masking import mask
from phone_numbers import can_be_texted
from sending import outbox, pacing, unanswered_texts
from sending.outbox import OutboundMessage
from sending.twilio.calls_and_media import CallEnded
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES
from sending.twilio.gateway import TwilioGateway
from store import Pipe, Store, clients, new_pipeline
from workers import call_state, pending_answers
from workers.pending_answers import PendingAnswer

log = logging.getLogger(__name__)

# What people hear or read instead of an answer that failed or came too late.
TIMEOUT_MESSAGE = "Sorry, I could not work that out in time. Please ask me again."
FAILURE_MESSAGE = "Sorry, something went wrong on our side while I worked on that. Please ask me again."

# Sorted set: ids of answers that a call has not fetched, scored by the time at which the sweep checks them.
UNHEARD_KEY = "pending-answers:unheard"
HEARD_TIMEOUT_SECONDS = 15
UPDATE_TIMEOUT_SECONDS = 5  # a live update counts as lost if its document is not fetched within this time


def on_success(job: Job, connection: Redis, answer: str, *_: object) -> None:
    """RQ's success callback for tasks: deliver the answer."""
    finish(connection, job.id, "answered", answer)


def on_failure(
    job: Job, connection: Redis, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """RQ's failure callback for tasks: log the traceback, and deliver an apology."""
    log.error("%s failed", job.description, exc_info=(kind, error, trace))
    finish(
        connection,
        job.id,
        "failed",
        TIMEOUT_MESSAGE if issubclass(kind, JobTimeoutException) else FAILURE_MESSAGE,
    )


def finish(redis: Store, answer_id: str, state: str, answer: str) -> None:
    """Settle a pending answer and deliver it. Does nothing if it has already been settled."""
    while (pending := pending_answers.load(redis, answer_id)) is not None and pending.is_open:
        pipe = new_pipeline(redis)
        if pending.channel == "text":
            message = _text_message(pending, answer)
            outbox.plan(pipe, message)
            unanswered_texts.keep_open(pipe, pending.phone_number, pending.id)
        elif pending.channel == "call":
            pipe.zadd(UNHEARD_KEY, {pending.id: time.time() + HEARD_TIMEOUT_SECONDS})
        if pending_answers.settle(redis, pending, state, answer, pipe):
            deliver_answer(redis, pending)
            return


def deliver_answer(redis: Store, pending: PendingAnswer) -> None:
    """Try to deliver a settled answer now. If this fails, `send_waiting` or the waiting document will deliver it."""
    if pending.channel == "text":
        send_next_text()
    elif pending.channel == "call":
        _redirect_call(redis, pending.id)


def send_next_text() -> None:
    """Send the text or call that has waited longest, if the sender is free. All processes share the pacing."""
    gateway = get_gateway()
    for id in gateway.release(1, {outbox.WAITING_KEY: pacing.AHEAD_SECONDS}):
        send = gateway.start_call if id.startswith(outbox.CALL_PREFIX) else gateway.send_text
        send(id)


def _redirect_call(redis: Store, answer_id: str) -> None:
    """Redirect the live call to the answer. If Twilio does not accept this, the waiting document delivers it."""
    pending = pending_answers.load(redis, answer_id)
    if pending is None or pending.route:
        return
    call = call_state.load(redis, pending.subject)
    if not call.is_live:
        deliver_by_text(redis, pending)
        return
    if not get_gateway().settings.public_url or not pending_answers.claim_route(redis, pending, "update"):
        return
    # The waiting document has the number `document + 1`, and a late fetch of it must count as outdated.
    path = f"/voice/answer?answer={pending.id}&doc={call.document + 2}"
    url = f"{get_gateway().settings.public_url}{path}{CONNECTION_OVERRIDES}"
    claimed = pending_answers.load(redis, answer_id)
    try:
        if not get_gateway().redirect_call(pending.subject, url, pending.phone_number) and claimed is not None:
            pending_answers.claim_route(redis, claimed, "")
    except CallEnded:
        if claimed is not None:
            deliver_by_text(redis, claimed)


def deliver_by_text(redis: Store, pending: PendingAnswer) -> None:
    """Text the answer to a caller who has hung up, if the number can receive texts."""
    pipe, can_text = new_pipeline(redis), can_be_texted(pending.phone_number)
    message = _text_message(pending, pending.answer)
    pending_answers.forget_words(pipe, pending.id)
    if can_text:
        outbox.plan(pipe, message)
    else:
        whose = "this number cannot receive texts" if pending.phone_number else "the caller withheld the number"
        reason = f"the call had ended, and {whose}"
        events.publish(pipe, "text.failed", pending.subject, who=mask(pending.phone_number), reason=reason)
    if pending_answers.claim_route(redis, pending, "text", pipe) and can_text:
        send_next_text()


def text_unheard_answers(sid: str) -> None:
    """The job after a call: text the answers that the caller has not heard."""
    redis = get_gateway().redis
    for id in call_state.load(redis, sid).answer_ids:
        pending = pending_answers.load(redis, id)
        if pending is None or pending.is_open:
            continue  # `finish` will see that the call has ended
        if pending.route == "" or (pending.route == "update" and not was_heard(redis, id)):
            deliver_by_text(redis, pending)


def recheck_unheard(redis: Store, answer_id: str) -> None:
    """Text an overdue answer if its call ended without fetching it. If the call is still live, check again later."""
    pending = pending_answers.load(redis, answer_id)
    if pending is None or pending.route == "text" or was_heard(redis, answer_id):
        redis.zrem(UNHEARD_KEY, answer_id)
    elif call_state.load(redis, pending.subject).is_live and _is_live_at_twilio(pending):
        redis.zadd(UNHEARD_KEY, {answer_id: time.time() + HEARD_TIMEOUT_SECONDS})
    else:
        deliver_by_text(redis, pending)


def _is_live_at_twilio(pending: PendingAnswer) -> bool:
    return get_gateway().is_call_live(pending.subject, pending.phone_number)


def mark_heard(pipe: Pipe, answer_id: str) -> None:
    """Record that the call has fetched the document with the answer."""
    pipe.hset(pending_answers.record_key(answer_id), "heard", time.time())
    pending_answers.forget_words(pipe, answer_id)
    pipe.zrem(UNHEARD_KEY, answer_id)


def was_heard(redis: Store, answer_id: str) -> bool:
    """Return whether the call has fetched the document with the answer."""
    return redis.hexists(pending_answers.record_key(answer_id), "heard")


@functools.cache
def get_gateway() -> TwilioGateway:
    """Return this worker process's gateway, created on first use from the environment's settings."""
    settings = config.load()
    return TwilioGateway(settings, clients.connect(settings))


def _text_message(pending: PendingAnswer, body: str) -> OutboundMessage:
    return OutboundMessage(
        f"{outbox.ANSWER_PREFIX}{pending.id}", pending.phone_number, body, pending.subject, pending.sender
    )
