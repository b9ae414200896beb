"""Texts: one in, one back."""

import hashlib
import time

from flask import Blueprint, current_app
from twilio.twiml.messaging_response import MessagingResponse

import events
from masking import alias, mask, mask_words
from phone.commands import NeedsWords, SlowAnswer, find_by_words
from phone.commands.help import list_commands
from phone.xml_text import to_xml_text
from receiving import replay_marker
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, verified_only, webhook
from sending import opt_outs, outbox
from sending.segments import shorten
from workers import pending_answers
from workers.pending_answers import PendingAnswer

bp = Blueprint("sms", __name__)

# Twilio answers these itself and blocks or unblocks the number; a second answer of ours would be one too many.
# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP_KEYWORDS = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"))
START_KEYWORDS = frozenset(("start", "yes", "unstop"))
ANSWER_TIMEOUT_SECONDS = 120  # seconds until somebody who texted is told that it takes too long
STATUS_ORDER = ("accepted", "queued", "sending", "sent", "delivered", "read")  # it only moves forward
FINAL_STATUSES = ("undelivered", "failed")
EMPTY_RESPONSE = StoredResponse(str(MessagingResponse()))


@webhook(bp, "/sms", key=lambda delivery: f"sms:{delivery['MessageSid']}")
def receive_text(visit: WebhookContext) -> StoredResponse:
    """Somebody texted the number."""
    text, who = visit.delivery, visit.delivery["From"]
    body = text["Body"].strip()
    events.publish(visit.pipe, "text.received", text["MessageSid"], who=mask(who), words=mask_words(body))
    if text["OptOutType"] or body.lower() in STOP_KEYWORDS | START_KEYWORDS:
        return _change_opt_out(visit, who, text["OptOutType"] or body)
    answer = _answer_text(visit, who, body)
    took = round((time.time() - text.received_at) * 1000, 1)
    events.publish(visit.pipe, "text.answered", text["MessageSid"], answer=answer, ms=took)
    return _message_response(answer)


def _change_opt_out(visit: WebhookContext, who: str, word: str) -> StoredResponse:
    """STOP and START: remembered here, answered by Twilio. HELP comes here only when Twilio answered it.

    A START that we bring ourselves is an old one, and they may have texted STOP since.
    """
    if word.lower() in STOP_KEYWORDS:
        opt_outs.opt_out(visit.pipe, who)
        events.publish(visit.pipe, "person.opted_out", visit.delivery["MessageSid"], who=mask(who))
    elif word.lower() in START_KEYWORDS and not visit.delivery.replay_mark:
        opt_outs.opt_in(visit.pipe, who)
        events.publish(visit.pipe, "person.opted_in", visit.delivery["MessageSid"], who=mask(who))
    return EMPTY_RESPONSE


def _answer_text(visit: WebhookContext, who: str, body: str) -> str:
    found = find_by_words(body)
    if found is None:
        _record_command(visit, who, "other")
        opening = "" if body else "That text was empty. "
        return opening + ("" if not body else "I do not know that one. ") + list_commands("")
    command, words = found
    _record_command(visit, who, command.name)
    try:
        answer = command.answer(words)
    except NeedsWords as question:
        return question.written_prompt
    if isinstance(answer, str):
        return answer
    _enqueue_answer(visit, who, command.name, answer)
    return f"{answer.interim_answer} The answer comes as another text."


def _enqueue_answer(visit: WebhookContext, who: str, name: str, slow: SlowAnswer) -> None:
    sid = visit.delivery["MessageSid"]
    once = replay_marker.claim_key(visit.delivery, f"text {sid}")  # done again, where the presenter asks for it to be
    id = hashlib.sha256(once.encode()).hexdigest()[:20]
    ask = PendingAnswer(id, name, slow.words, "text", who, sid, time.time() + ANSWER_TIMEOUT_SECONDS)
    current_app.extensions["queues"].enqueue(visit.pipe, ask, slow.task)


def _record_command(visit: WebhookContext, who: str, command: str) -> None:
    pending_answers.record_command(
        visit.pipe, command, "text", alias(who, current_app.extensions["settings"].secret_key[0])
    )


def _message_response(words: str) -> StoredResponse:
    document = MessagingResponse()
    document.message(shorten(to_xml_text(words)))
    return StoredResponse(str(document))


def _status_key(delivery: Delivery) -> str:
    return f"status:{delivery['MessageSid']}:{delivery['MessageStatus']}:{delivery['ErrorCode']}"


@webhook(bp, "/sms/status", key=_status_key)
def update_text_status(visit: WebhookContext) -> StoredResponse:
    """A text of ours is sent, delivered, or not. It also settles a text that we were in doubt about."""
    text = visit.delivery
    sid, status = text["MessageSid"], text["MessageStatus"] or text["SmsStatus"]
    effect = outbox.load(visit.redis, text.query.get("message", ""))
    if effect and effect.state in ("sending", "unknown") and outbox.claim_sid(visit.redis, sid, effect.id):
        outbox.settle(visit.redis, effect.id, effect.state, "sent", sid=sid)
    if _advance_status(visit, sid, status):
        story = (effect and effect.subject) or sid
        facts = {"status": status, "error": text["ErrorCode"], "who": mask(text["To"])}
        events.publish(visit.pipe, "text.delivered", story, **facts)
    return StoredResponse(status=204)


def _advance_status(visit: WebhookContext, sid: str, status: str) -> bool:
    """Callbacks come in any order; a late "sent" does not undo "delivered"."""
    key = f"text-status:{sid}"
    before = (visit.redis.get(key) or b"").decode()
    if before in FINAL_STATUSES or (status in STATUS_ORDER and _rank(status) <= _rank(before)):
        return False
    visit.pipe.set(key, status, ex=pending_answers.ANSWER_TTL_SECONDS)
    return True


def _rank(status: str) -> int:
    return STATUS_ORDER.index(status) if status in STATUS_ORDER else -1


@verified_only(bp, "/sms/fallback")
def text_fallback(delivery: Delivery) -> StoredResponse:
    """Twilio could not get an answer from /sms: this one needs no store."""
    return _message_response("Sorry, something went wrong on our side. Please text that again in a minute.")
