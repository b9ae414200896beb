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
from sending.outbox import Effect
from sending.twilio import CallIsOver, Telephone
from store import collect
from workers import calls, pending_answers
from workers.pending_answers import Ask

log = logging.getLogger(__name__)

UNHEARD = "asks:unheard"  # answers on their way into a call, by the time the sweep asks what became of them
HEARD_WITHIN = 15  # seconds
UPDATE_TAKES = 5  # seconds. A live update whose document was not fetched by then is taken for lost
TOO_SLOW = "Sorry, I could not work that out in time. Please ask me again."
BROKEN = "Sorry, something went wrong on our side while I worked on that. Please ask me again."
NOT_TEXTABLE = (
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.TOLL_FREE,
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
    phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.UAN,
    phonenumbers.PhoneNumberType.PAGER,
    phonenumbers.PhoneNumberType.VOICEMAIL,
)


def deliver(job: Any, connection: Any, answer: str, *_: object) -> None:
    """RQ calls this when a task is done: the ask is answered and its answer leaves."""
    finish(connection, job.id, "answered", answer)


def apologise(job: Any, connection: Any, kind: type[BaseException], error: BaseException, trace: object) -> None:
    """RQ calls this when a task failed: the person is told, and the log has the trace."""
    log.error("%s failed", job.description, exc_info=(kind, error, trace))  # type: ignore[arg-type]
    finish(connection, job.id, "failed", TOO_SLOW if issubclass(kind, JobTimeoutException) else BROKEN)


def finish(redis: Any, ask_id: str, state: str, answer: str) -> None:
    """Settle the ask, whoever comes first, and bring what there is to say."""
    while (ask := pending_answers.load(redis, ask_id)) is not None and ask.is_open:
        pipe = collect(redis)
        if ask.channel == "text":
            outbox.plan(pipe, Effect(f"answer:{ask.id}", ask.person, answer, ask.story))
        elif ask.channel == "call":
            pipe.zadd(UNHEARD, {ask.id: time.time() + HEARD_WITHIN})
        if pending_answers.settle(redis, ask, state, answer, pipe):
            bring(redis, ask)
            return


def bring(redis: Any, ask: Ask) -> None:
    """The answer is there; take it to the person now, as far as that goes."""
    if ask.channel == "text":
        telephone().text(f"answer:{ask.id}")
    elif ask.channel == "call":
        _speak(redis, ask.id)


def _speak(redis: Any, ask_id: str) -> None:
    """Into the live call. If Twilio does not take the update, the waiting document brings the answer instead."""
    ask = pending_answers.load(redis, ask_id)
    if ask is None or ask.route:
        return
    call = calls.load(redis, ask.story)
    if not call.is_live:
        text_instead(redis, ask)
        return
    if not telephone().settings.public_url or not pending_answers.take_route(redis, ask, "update"):
        return
    url = f"{telephone().settings.public_url}/voice/answer?ask={ask.id}&doc={call.document + 2}"
    # Two on from what the caller last acted on: one on is the waiting document, whose late fetch must look old.
    taken = pending_answers.load(redis, ask_id)
    try:
        if not telephone().speak(ask.story, url) and taken is not None:
            pending_answers.take_route(redis, taken, "")
    except CallIsOver:
        if taken is not None:
            text_instead(redis, taken)


def text_instead(redis: Any, ask: Ask) -> None:
    """The caller has hung up: the answer goes by text, if their number can get one."""
    pipe, effect = collect(redis), Effect(f"answer:{ask.id}", ask.person, ask.answer, ask.story)
    reachable = can_be_texted(ask.person)
    if reachable:
        outbox.plan(pipe, effect)
    else:
        reason = "the call was over, and this number cannot get texts"
        events.publish(pipe, "text.refused", ask.story, who=mask(ask.person), reason=reason)
    if pending_answers.take_route(redis, ask, "text", pipe) and reachable:
        telephone().text(effect.id)


def after_call(sid: str) -> None:
    """A job: what the caller did not get to hear before hanging up is texted."""
    redis = telephone().redis
    for id in calls.load(redis, sid).asks:
        ask = pending_answers.load(redis, id)
        if ask is None or ask.is_open:
            continue  # its answer will find the call over
        if ask.route == "" or (ask.route == "update" and not was_heard(redis, id)):
            text_instead(redis, ask)


def chase(redis: Any, ask_id: str) -> None:
    """An answer that should have been heard by now: text it if the call is over, otherwise look again later."""
    ask = pending_answers.load(redis, ask_id)
    if ask is None or ask.route == "text" or was_heard(redis, ask_id):
        redis.zrem(UNHEARD, ask_id)
    elif calls.load(redis, ask.story).is_live and telephone().call_is_live(ask.story):
        redis.zadd(UNHEARD, {ask_id: time.time() + HEARD_WITHIN})
    else:
        text_instead(redis, ask)


def heard(pipe: Any, ask_id: str) -> None:
    """The document with the answer was fetched for the call."""
    pipe.hset(f"ask:{ask_id}", "heard", time.time())
    pipe.zrem(UNHEARD, ask_id)


def was_heard(redis: Any, ask_id: str) -> bool:
    """Whether the document with the answer was fetched."""
    return bool(redis.hexists(f"ask:{ask_id}", "heard"))


def can_be_texted(number: str) -> bool:
    """Whether this may be a number that gets texts; what numbering plans leave open, Twilio will tell (21614)."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(parsed) not in NOT_TEXTABLE


@functools.cache
def telephone() -> Telephone:
    """This process's telephone, made when it is first needed."""
    settings = config.load()
    return Telephone(settings, config.connect(settings))
