"""Calls of our own: what somebody follows is spoken to them, if they asked for calls."""

from flask import Blueprint
from twilio.twiml.voice_response import VoiceResponse

import events
from phone import documents
from phone.voice import step_key
from phone.xml_text import to_xml_text
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, webhook
from sending import followers, outbox
from sending.outbox import OutboundMessage

bp = Blueprint("told", __name__)

UNFOLLOW_KEY = "8"  # as in the menu: unfollow
UNANSWERED_STATUSES = ("busy", "no-answer", "failed", "canceled")
UNFOLLOWED_TEXT = "You no longer follow anything here. Goodbye."


@webhook(bp, "/voice/told", key=step_key)
def speak_notification(visit: WebhookContext) -> StoredResponse:
    """Somebody whom we called has picked up."""
    effect = outbox.load(visit.redis, visit.delivery.query.get("message", ""))
    if effect is None:
        return StoredResponse(documents.goodbye())
    events.publish(visit.pipe, "call.spoken", visit.delivery["CallSid"], answer=effect.body, ms=0)
    return StoredResponse(_notification_document(effect))


@webhook(bp, "/voice/told/key", key=step_key)
def handle_key(visit: WebhookContext) -> StoredResponse:
    """They pressed a key: no more of this, or it was enough for today."""
    effect = outbox.load(visit.redis, visit.delivery.query.get("message", ""))
    if visit.delivery["Digits"] != UNFOLLOW_KEY or effect is None:
        return StoredResponse(documents.goodbye("Goodbye."))
    followers.unfollow(visit.redis, effect.to)
    events.publish(visit.pipe, "call.spoken", visit.delivery["CallSid"], answer=UNFOLLOWED_TEXT, ms=0)
    return StoredResponse(documents.goodbye(UNFOLLOWED_TEXT))


def status_key(delivery: Delivery) -> str:
    """A status comes once."""
    return f"told-status:{delivery['CallSid']}:{delivery['CallStatus']}"


@webhook(bp, "/voice/told/status", key=status_key)
def update_status(visit: WebhookContext) -> StoredResponse:
    """Nobody picked up: then they are told by text."""
    effect, call = outbox.load(visit.redis, visit.delivery.query.get("message", "")), visit.delivery
    if effect and call["CallStatus"] in UNANSWERED_STATUSES:
        outbox.plan(visit.pipe, OutboundMessage(f"{effect.id}:text", effect.to, effect.body, effect.subject))
    return StoredResponse(status=204)  # and no event: who follows the end of calls would be called about this one


def _notification_document(effect: OutboundMessage) -> str:
    response = VoiceResponse()
    response.say(to_xml_text(f"Hello, this is {documents.SERVICE_NAME}, with what you follow."))
    address = documents.step_url("/voice/told/key", 1, message=effect.id)
    gather = response.gather(num_digits=1, timeout=documents.GATHER_TIMEOUT_SECONDS, finish_on_key="", action=address)
    gather.say(to_xml_text(effect.body))
    gather.say(f"Press {UNFOLLOW_KEY} to end all that you follow.")
    response.say("Goodbye.")
    response.hangup()
    return str(response)
