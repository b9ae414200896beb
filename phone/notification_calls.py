"""Notification calls: speak a notification to a follower who chose calls, and text it if the call is not answered."""

from flask import Blueprint
from twilio.twiml.voice_response import VoiceResponse

import events
from phone.call_steps import step_key
from phone.twiml import basic_documents, menus
from phone.twiml.basic_documents import to_xml_text
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, webhook
from sending import followers, outbox
from sending.outbox import OutboundMessage

bp = Blueprint("notification_calls", __name__)

UNFOLLOW_KEY = "8"  # the same key as in the menu
UNANSWERED_STATUSES = ("busy", "no-answer", "failed", "canceled")
PERSONAL = "A message for this person only."  # in place of the words, which the stage must not show
UNFOLLOWED_TEXT = "You no longer follow anything here. Goodbye."


@webhook(bp, "/voice/outbound", key=step_key)
def speak_notification(context: WebhookContext) -> StoredResponse:
    """Speak the notification: the follower has answered the call."""
    message = _load_message(context)
    if message is None:
        return StoredResponse(basic_documents.goodbye())
    words = PERSONAL if message.is_personal_call else message.body
    about = message.subject if message.is_notification else ""
    events.publish(context.pipe, "call.spoken", context.delivery["CallSid"], answer=words, ms=0, about=about)
    document = _personal_document if message.is_personal_call else _notification_document
    return StoredResponse(document(message))


@webhook(bp, "/voice/outbound/key", key=step_key)
def handle_key(context: WebhookContext) -> StoredResponse:
    """UNFOLLOW_KEY unfollows everything; any other key only ends the call."""
    message = _load_message(context)
    if context.delivery["Digits"] != UNFOLLOW_KEY or message is None:
        return StoredResponse(basic_documents.goodbye("Goodbye."))
    followers.unfollow(context.redis, message.to)
    events.publish(context.pipe, "call.spoken", context.delivery["CallSid"], answer=UNFOLLOWED_TEXT, ms=0)
    return StoredResponse(basic_documents.goodbye(UNFOLLOWED_TEXT))


def status_key(delivery: Delivery) -> str:
    """The claim key for a status callback: each status of a call is handled once."""
    return f"outbound-call-status:{delivery.sid('CallSid', 'CA')}:{delivery['CallStatus']}"


@webhook(bp, "/voice/outbound/status", key=status_key)
def update_status(context: WebhookContext) -> StoredResponse:
    """Send the notification as a text if the call was not answered. A personal message has its own text.

    `call.ended` is not published, because its followers would be called about this call.
    """
    message, status = _load_message(context), context.delivery["CallStatus"]
    if message and message.body and status in UNANSWERED_STATUSES and not message.is_personal_call:
        id = f"{message.id}{outbox.INSTEAD_OF_CALL_SUFFIX}"
        again = OutboundMessage(id, message.to, message.body, message.subject, message.sender)
        outbox.plan(context.pipe, again)
    if message and status in ("completed", *UNANSWERED_STATUSES):
        if message.is_personal_call:
            events.publish(context.pipe, "call.finished", context.delivery["CallSid"], status=status)
        outbox.forget_body(context.pipe, message)
    return StoredResponse(status=204)


def _load_message(context: WebhookContext) -> OutboundMessage | None:
    return outbox.load(context.redis, context.delivery.query.get("message", ""))


def _personal_document(message: OutboundMessage) -> str:
    words = f"Hello, this is {basic_documents.SERVICE_NAME}. {message.body} I repeat: {message.body} Goodbye."
    return basic_documents.goodbye(words)


def _notification_document(message: OutboundMessage) -> str:
    response = VoiceResponse()
    response.say(to_xml_text(f"Hello, this is {basic_documents.SERVICE_NAME}, with news on a topic you follow."))
    action = basic_documents.step_url("/voice/outbound/key", 1, message=message.id)
    gather = response.gather(num_digits=1, timeout=menus.GATHER_TIMEOUT_SECONDS, finish_on_key="", action=action)
    gather.say(to_xml_text(message.body))
    gather.say(f"Press {UNFOLLOW_KEY} to unfollow everything.")
    response.say("Goodbye.")
    response.hangup()
    return str(response)
