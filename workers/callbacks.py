"""Bringing results back: a text to who texted, words into the live call of who called, and never nothing."""

import functools
import logging
import time
from typing import Any

import phonenumbers
from rq.timeouts import JobTimeoutException

import config
import events
from masking import mask
from sending import outbox
from sending.outbox import OutboundMessage
from sending.twilio import CallEnded, TwilioGateway
from store import new_pipeline
from workers import calls, pending_answers
from workers.pending_answers import PendingAnswer

log = logging.getLogger(__name__)

UNHEARD_KEY = (
    "pending-answers:unheard"  # answers on their way into a call, by the time the sweep asks what became of them
)
HEARD_TIMEOUT_SECONDS = 15  # seconds
UPDATE_TIMEOUT_SECONDS = 5  # seconds. A live update whose document was not fetched by then is taken for lost
TIMEOUT_MESSAGE = "Sorry, I could not work that out in time. Please ask me again."
FAILURE_MESSAGE = "Sorry, something went wrong on our side while I worked on that. Please ask me again."
NON_TEXT_NUMBER_TYPES = (
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.TOLL_FREE,
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
    phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.UAN,
    phonenumbers.PhoneNumberType.PAGER,
    phonenumbers.PhoneNumberType.VOICEMAIL,
)


def on_success(job: Any, connection: Any, answer: str, *_: object) -> None:
    """RQ calls this when a task is done: the pending answer is settled and its answer leaves."""
    finish(connection, job.id, "answered", answer)


def on_failure(job: Any, connection: Any, kind: type[BaseException], error: BaseException, trace: object) -> None:
    """RQ calls this when a task failed: the person is told, and the log has the trace."""
    log.error("%s failed", job.description, exc_info=(kind, error, trace))  # type: ignore[arg-type]
    finish(connection, job.id, "failed", TIMEOUT_MESSAGE if issubclass(kind, JobTimeoutException) else FAILURE_MESSAGE)


def finish(redis: Any, answer_id: str, state: str, answer: str) -> None:
    """Settle the ask, whoever comes first, and bring what there is to say."""
    while (pending := pending_answers.load(redis, answer_id)) is not None and pending.is_open:
        pipe = new_pipeline(redis)
        if pending.channel == "text":
            outbox.plan(pipe, OutboundMessage(f"answer:{pending.id}", pending.phone_number, answer, pending.subject))
        elif pending.channel == "call":
            pipe.zadd(UNHEARD_KEY, {pending.id: time.time() + HEARD_TIMEOUT_SECONDS})
        if pending_answers.settle(redis, pending, state, answer, pipe):
            deliver_answer(redis, pending)
            return


def deliver_answer(redis: Any, pending: PendingAnswer) -> None:
    """The answer is there; take it to the person now, as far as that goes."""
    if pending.channel == "text":
        get_gateway().send_text(f"answer:{pending.id}")
    elif pending.channel == "call":
        _redirect_call(redis, pending.id)


def _redirect_call(redis: Any, answer_id: str) -> None:
    """Into the live call. If Twilio does not take the update, the waiting document brings the answer instead."""
    pending = pending_answers.load(redis, answer_id)
    if pending is None or pending.route:
        return
    call = calls.load(redis, pending.subject)
    if not call.is_live:
        deliver_by_text(redis, pending)
        return
    if not get_gateway().settings.public_url or not pending_answers.claim_route(redis, pending, "update"):
        return
    url = f"{get_gateway().settings.public_url}/voice/answer?answer={pending.id}&doc={call.document + 2}"
    # Two on from what the caller last acted on: one on is the waiting document, whose late fetch must look old.
    taken = pending_answers.load(redis, answer_id)
    try:
        if not get_gateway().redirect_call(pending.subject, url) and taken is not None:
            pending_answers.claim_route(redis, taken, "")
    except CallEnded:
        if taken is not None:
            deliver_by_text(redis, taken)


def deliver_by_text(redis: Any, pending: PendingAnswer) -> None:
    """The caller has hung up: the answer goes by text, if their number can get one."""
    pipe, effect = (
        new_pipeline(redis),
        OutboundMessage(f"answer:{pending.id}", pending.phone_number, pending.answer, pending.subject),
    )
    reachable = can_be_texted(pending.phone_number)
    if reachable:
        outbox.plan(pipe, effect)
    else:
        reason = "the call was over, and this number cannot get texts"
        events.publish(pipe, "text.failed", pending.subject, who=mask(pending.phone_number), reason=reason)
    if pending_answers.claim_route(redis, pending, "text", pipe) and reachable:
        get_gateway().send_text(effect.id)


def text_unheard_answers(sid: str) -> None:
    """A job: what the caller did not get to hear before hanging up is texted."""
    redis = get_gateway().redis
    for id in calls.load(redis, sid).answer_ids:
        pending = pending_answers.load(redis, id)
        if pending is None or pending.is_open:
            continue  # its answer will find the call over
        if pending.route == "" or (pending.route == "update" and not was_heard(redis, id)):
            deliver_by_text(redis, pending)


def recheck_unheard(redis: Any, answer_id: str) -> None:
    """An answer that should have been heard by now: text it if the call is over, otherwise look again later."""
    pending = pending_answers.load(redis, answer_id)
    if pending is None or pending.route == "text" or was_heard(redis, answer_id):
        redis.zrem(UNHEARD_KEY, answer_id)
    elif calls.load(redis, pending.subject).is_live and get_gateway().is_call_live(pending.subject):
        redis.zadd(UNHEARD_KEY, {answer_id: time.time() + HEARD_TIMEOUT_SECONDS})
    else:
        deliver_by_text(redis, pending)


def mark_heard(pipe: Any, answer_id: str) -> None:
    """The document with the answer was fetched for the call."""
    pipe.hset(pending_answers.record_key(answer_id), "heard", time.time())
    pipe.zrem(UNHEARD_KEY, answer_id)


def was_heard(redis: Any, answer_id: str) -> bool:
    """Whether the document with the answer was fetched."""
    return bool(redis.hexists(pending_answers.record_key(answer_id), "heard"))


def can_be_texted(number: str) -> bool:
    """Whether this may be a number that gets texts; what numbering plans leave open, Twilio will tell (21614)."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(parsed) not in NON_TEXT_NUMBER_TYPES


@functools.cache
def get_gateway() -> TwilioGateway:
    """This process's telephone, made when it is first needed."""
    settings = config.load()
    return TwilioGateway(settings, config.connect(settings))
