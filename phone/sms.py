"""Incoming texts and the delivery status of outgoing ones."""

import hashlib
import time

from flask import Blueprint
from twilio.twiml.messaging_response import MessagingResponse

import events
from context import queues, settings
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

# Twilio answers these keywords itself and blocks or unblocks the number, so we do not reply to them.
# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP_KEYWORDS = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"))
START_KEYWORDS = frozenset(("start", "yes", "unstop"))
ANSWER_TIMEOUT_SECONDS = 120  # then the sender gets an apology
STATUS_ORDER = ("accepted", "queued", "sending", "sent", "delivered", "read")
FINAL_STATUSES = ("undelivered", "failed")
EMPTY_RESPONSE = StoredResponse(str(MessagingResponse()))


@webhook(bp, "/sms", key=lambda delivery: f"sms:{delivery.sid('MessageSid', 'SM', 'MM')}")
def receive_text(context: WebhookContext) -> StoredResponse:
    """Reply to an incoming text."""
    text, sender = context.delivery, context.delivery["From"]
    body = text["Body"].strip()
    events.publish(context.pipe, "text.received", text["MessageSid"], who=mask(sender), words=mask_words(body))
    if text["OptOutType"] or body.lower() in STOP_KEYWORDS | START_KEYWORDS:
        return _change_opt_out(context, sender, text["OptOutType"] or body)
    answer = _answer_text(context, sender, body)
    duration_ms = round((time.time() - text.received_at) * 1000, 1)
    events.publish(context.pipe, "text.answered", text["MessageSid"], answer=answer, ms=duration_ms)
    return _message_response(answer)


def _change_opt_out(context: WebhookContext, sender: str, keyword: str) -> StoredResponse:
    """Record a STOP or START; Twilio replies. HELP gets here only if Twilio has already answered it.

    A START that is replayed or backfilled is ignored: the sender may have texted STOP since.
    """
    if keyword.lower() in STOP_KEYWORDS:
        opt_outs.opt_out(context.pipe, sender)
        events.publish(context.pipe, "person.opted_out", context.delivery["MessageSid"], who=mask(sender))
    elif keyword.lower() in START_KEYWORDS and not context.delivery.replay_mark:
        opt_outs.opt_in(context.pipe, sender)
        events.publish(context.pipe, "person.opted_in", context.delivery["MessageSid"], who=mask(sender))
    return EMPTY_RESPONSE


def _answer_text(context: WebhookContext, sender: str, body: str) -> str:
    found = find_by_words(body)
    if found is None:
        _record_command(context, sender, "other")
        return ("I do not know that command. " if body else "Your text was empty. ") + list_commands("")
    command, words = found
    _record_command(context, sender, command.name)
    try:
        answer = command.run(words)
    except NeedsWords as question:
        return question.written_prompt
    if isinstance(answer, str):
        return answer
    _enqueue_answer(context, sender, command.name, answer)
    return f"{answer.interim_answer} I will text you the answer."


def _enqueue_answer(context: WebhookContext, sender: str, command: str, slow: SlowAnswer) -> None:
    sid = context.delivery["MessageSid"]
    # The claim key of a forced replay differs, so that the work is done again.
    claim = replay_marker.claim_key(context.delivery, f"text {sid}")
    id = hashlib.sha256(claim.encode()).hexdigest()[:20]
    deadline = time.time() + ANSWER_TIMEOUT_SECONDS
    queues().enqueue(context.pipe, PendingAnswer(id, command, slow.words, "text", sender, sid, deadline), slow.task)


def _record_command(context: WebhookContext, sender: str, command: str) -> None:
    sender_alias = alias(sender, settings().secret_key[0])
    pending_answers.record_command(context.pipe, command, sender_alias)


def _message_response(words: str) -> StoredResponse:
    document = MessagingResponse()
    document.message(shorten(to_xml_text(words)))
    return StoredResponse(str(document))


def _status_key(delivery: Delivery) -> str:
    sid = delivery.sid("MessageSid", "SM", "MM")
    return f"status:{sid}:{delivery['MessageStatus']}:{delivery['ErrorCode']}"


@webhook(bp, "/sms/status", key=_status_key)
def update_text_status(context: WebhookContext) -> StoredResponse:
    """Publish the new status of an outgoing text. It also settles a text whose sending had an unknown result."""
    text = context.delivery
    sid, status = text["MessageSid"], text["MessageStatus"] or text["SmsStatus"]
    message = outbox.load(context.redis, text.query.get("message", ""))
    if message and message.state in ("sending", "unknown") and outbox.claim_sid(context.redis, sid, message.id):
        outbox.settle(context.redis, message.id, message.state, "sent", sid=sid)
    if _advance_status(context, sid, status):
        subject = (message and message.subject) or sid
        data = {"status": status, "error": text["ErrorCode"], "who": mask(text["To"])}
        events.publish(context.pipe, "text.delivered", subject, **data)
    return StoredResponse(status=204)


def _advance_status(context: WebhookContext, sid: str, status: str) -> bool:
    """Store the status. False if it is not newer: callbacks arrive in any order."""
    key = f"text-status:{sid}"
    previous = (context.redis.get(key) or b"").decode()
    if previous in FINAL_STATUSES or (status in STATUS_ORDER and _rank(status) <= _rank(previous)):
        return False
    context.pipe.set(key, status, ex=pending_answers.ANSWER_TTL_SECONDS)
    return True


def _rank(status: str) -> int:
    return STATUS_ORDER.index(status) if status in STATUS_ORDER else -1


@verified_only(bp, "/sms/fallback")
def text_fallback(delivery: Delivery) -> StoredResponse:
    """The reply if Twilio got no valid response from /sms; it needs no store."""
    return _message_response("Sorry, something went wrong on our side. Please text again in a minute.")
