"""Status callbacks for outgoing texts: https://www.twilio.com/docs/messaging/guides/track-outbound-message-status."""

import time
from dataclasses import replace

from flask import Blueprint

import events
from masking import mask
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, webhook
from sending import outbox, pacing
from sending.outbox import OutboundMessage
from sending.twilio import error_codes
from workers import pending_answers

bp = Blueprint("text_status", __name__)

STATUS_ORDER = ("accepted", "queued", "sending", "sent", "delivered", "read")
FAILED_STATUSES = ("undelivered", "failed")
FINAL_STATUSES = ("delivered", "read", *FAILED_STATUSES)


def _status_key(delivery: Delivery) -> str:
    sid = delivery.sid("MessageSid", "SM", "MM")
    return f"status:{sid}:{delivery['MessageStatus']}:{delivery['ErrorCode']}"


@webhook(bp, "/sms/status", key=_status_key)
def update_text_status(context: WebhookContext) -> StoredResponse:
    """Publish an outgoing text's new status, which also settles the text if the result of sending it was unknown."""
    text = context.delivery
    sid, status = text["MessageSid"], text["MessageStatus"] or text["SmsStatus"]
    message = outbox.load(context.redis, text.query.get("message", ""))
    if message and message.state in ("sending", "unknown") and outbox.claim_sid(context.redis, sid, message):
        if outbox.settle(context.redis, message, message.state, "sent", sid=sid):
            outbox.publish_sent(context.redis, message, sid)
        message = replace(message, state="sent", sid=sid)
    if message and message.state == "sent" and message.sid == sid and status in FINAL_STATUSES:
        _settle_finally(context, message, text["ErrorCode"])
    if _advance_status(context, sid, status):
        subject = (message and message.subject) or sid
        data = {"status": status, "error": text["ErrorCode"], "who": mask(text["To"])}
        is_notification = message is not None and message.is_notification
        events.publish(context.pipe, "text.delivered", subject, **data, is_notification=is_notification)
    return StoredResponse(status=204)


def _settle_finally(context: WebhookContext, message: OutboundMessage, code: str) -> None:
    """Forget the text or, if Twilio has dropped it because of a limit, send it again later."""
    seconds = error_codes.retry_seconds(code)
    if not seconds:
        outbox.forget_body(context.pipe, message)
    elif message.body:  # empty if an earlier callback has settled the text for good
        until = time.time() + seconds
        outbox.postpone(context.redis, message, "sent", until, f"Twilio's limit was reached ({code})")
        if code != error_codes.LOOP_SUSPECTED:
            pacing.pause(context.redis, until, message.sender)


def _advance_status(context: WebhookContext, sid: str, status: str) -> bool:
    """Store the status. Return False if it is not newer than the stored one: callbacks may arrive in any order."""
    key = f"text-status:{sid}"
    previous = (context.redis.get(key) or b"").decode()
    if previous in FAILED_STATUSES or (status in STATUS_ORDER and _rank(status) <= _rank(previous)):
        return False
    context.pipe.set(key, status, ex=pending_answers.ANSWER_TTL_SECONDS)
    return True


def _rank(status: str) -> int:
    return STATUS_ORDER.index(status) if status in STATUS_ORDER else -1
