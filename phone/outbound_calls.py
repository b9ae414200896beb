"""Calls of our own: what somebody follows is spoken to them, if they asked for calls."""

from flask import Blueprint
from twilio.twiml.voice_response import VoiceResponse

import events
from phone import documents
from phone.voice import step_key
from phone.xml_text import sayable
from receiving.delivery import Delivery
from receiving.idempotency import Reply
from receiving.receiver import Visit, webhook
from sending import followers, outbox
from sending.outbox import Effect

bp = Blueprint("told", __name__)

END_KEY = "8"  # as in the menu: unfollow
UNHEARD = ("busy", "no-answer", "failed", "canceled")
NO_MORE = "You no longer follow anything here. Goodbye."


@webhook(bp, "/voice/told", key=step_key)
def call_answered(visit: Visit) -> Reply:
    """Somebody whom we called has picked up."""
    effect = outbox.load(visit.redis, visit.delivery.query.get("effect", ""))
    if effect is None:
        return Reply(documents.goodbye())
    events.publish(visit.pipe, "call.spoken", visit.delivery["CallSid"], answer=effect.body, ms=0)
    return Reply(_document(effect))


@webhook(bp, "/voice/told/key", key=step_key)
def call_ended_by_key(visit: Visit) -> Reply:
    """They pressed a key: no more of this, or it was enough for today."""
    effect = outbox.load(visit.redis, visit.delivery.query.get("effect", ""))
    if visit.delivery["Digits"] != END_KEY or effect is None:
        return Reply(documents.goodbye("Goodbye."))
    followers.unfollow(visit.redis, effect.to)
    events.publish(visit.pipe, "call.spoken", visit.delivery["CallSid"], answer=NO_MORE, ms=0)
    return Reply(documents.goodbye(NO_MORE))


def status_key(delivery: Delivery) -> str:
    """A status comes once."""
    return f"told-status:{delivery['CallSid']}:{delivery['CallStatus']}"


@webhook(bp, "/voice/told/status", key=status_key)
def call_came_to_an_end(visit: Visit) -> Reply:
    """Nobody picked up: then they are told by text."""
    effect, call = outbox.load(visit.redis, visit.delivery.query.get("effect", "")), visit.delivery
    if effect and call["CallStatus"] in UNHEARD:
        outbox.plan(visit.pipe, Effect(f"{effect.id}:text", effect.to, effect.body, effect.story))
    return Reply(status=204)  # and no event: who follows the end of calls would be called about this one


def _document(effect: Effect) -> str:
    response = VoiceResponse()
    response.say(sayable(f"Hello, this is {documents.NAME}, with what you follow."))
    address = documents.address("/voice/told/key", 1, effect=effect.id)
    gather = response.gather(num_digits=1, timeout=documents.KEY_PAUSE, finish_on_key="", action=address)
    gather.say(sayable(effect.body))
    gather.say(f"Press {END_KEY} to end all that you follow.")
    response.say("Goodbye.")
    response.hangup()
    return str(response)
