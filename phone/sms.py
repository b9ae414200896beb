"""Texts: one in, one back."""

import hashlib
import time

from flask import Blueprint, current_app
from twilio.twiml.messaging_response import MessagingResponse

import events
from masking import alias, mask, mask_words
from phone.commands import NeedsWords, Slow, by_words
from phone.commands.help import list_commands
from phone.xml_text import sayable
from receiving import replay_marker
from receiving.delivery import Delivery
from receiving.idempotency import Reply
from receiving.receiver import Visit, signed, webhook
from sending import opt_outs, outbox
from sending.segments import shorten
from workers import pending_answers
from workers.pending_answers import Ask

bp = Blueprint("sms", __name__)

# Twilio answers these itself and blocks or unblocks the number; a second answer of ours would be one too many.
# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"))
START = frozenset(("start", "yes", "unstop"))
DEADLINE = 120  # seconds until somebody who texted is told that it takes too long
STATUS_ORDER = ("accepted", "queued", "sending", "sent", "delivered", "read")  # it only moves forward
STATUS_ENDS = ("undelivered", "failed")
NOTHING = Reply(str(MessagingResponse()))


@webhook(bp, "/sms", key=lambda delivery: f"sms:{delivery['MessageSid']}")
def text_arrived(visit: Visit) -> Reply:
    """Somebody texted the number."""
    text, who = visit.delivery, visit.delivery["From"]
    body = text["Body"].strip()
    events.publish(visit.pipe, "text.received", text["MessageSid"], who=mask(who), words=mask_words(body))
    if text["OptOutType"] or body.lower() in STOP | START:
        return _change_of_mind(visit, who, text["OptOutType"] or body)
    answer = _answer(visit, who, body)
    took = round((time.time() - text.received_at) * 1000, 1)
    events.publish(visit.pipe, "text.answered", text["MessageSid"], answer=answer, ms=took)
    return _say(answer)


def _change_of_mind(visit: Visit, who: str, word: str) -> Reply:
    """STOP and START: remembered here, answered by Twilio. HELP comes here only when Twilio answered it.

    A START that we bring ourselves is an old one, and they may have texted STOP since.
    """
    if word.lower() in STOP:
        opt_outs.leave(visit.pipe, who)
        events.publish(visit.pipe, "people.left", visit.delivery["MessageSid"], who=mask(who))
    elif word.lower() in START and not visit.delivery.fed_in:
        opt_outs.come_back(visit.pipe, who)
        events.publish(visit.pipe, "people.returned", visit.delivery["MessageSid"], who=mask(who))
    return NOTHING


def _answer(visit: Visit, who: str, body: str) -> str:
    found = by_words(body)
    if found is None:
        _remember(visit, who, "other")
        opening = "" if body else "That text was empty. "
        return opening + ("" if not body else "I do not know that one. ") + list_commands("")
    command, words = found
    _remember(visit, who, command.name)
    try:
        answer = command.answer(words)
    except NeedsWords as question:
        return question.in_writing
    if isinstance(answer, str):
        return answer
    _hand_over(visit, who, command.name, answer)
    return f"{answer.meanwhile} The answer comes as another text."


def _hand_over(visit: Visit, who: str, name: str, slow: Slow) -> None:
    sid = visit.delivery["MessageSid"]
    once = replay_marker.claim_of(visit.delivery, f"text {sid}")  # done again, where the presenter asks for it to be
    id = hashlib.sha256(once.encode()).hexdigest()[:20]
    ask = Ask(id, name, slow.words, "text", who, sid, time.time() + DEADLINE)
    current_app.extensions["queues"].put(visit.pipe, ask, slow.task)


def _remember(visit: Visit, who: str, command: str) -> None:
    pending_answers.remember(visit.pipe, command, "text", alias(who, current_app.extensions["settings"].secret_key[0]))


def _say(words: str) -> Reply:
    document = MessagingResponse()
    document.message(shorten(sayable(words)))
    return Reply(str(document))


def _status_key(delivery: Delivery) -> str:
    return f"status:{delivery['MessageSid']}:{delivery['MessageStatus']}:{delivery['ErrorCode']}"


@webhook(bp, "/sms/status", key=_status_key)
def text_moved_on(visit: Visit) -> Reply:
    """A text of ours is sent, delivered, or not. It also settles a text that we were in doubt about."""
    text = visit.delivery
    sid, status = text["MessageSid"], text["MessageStatus"] or text["SmsStatus"]
    effect = outbox.load(visit.redis, text.query.get("effect", ""))
    if effect and effect.state in ("sending", "unknown") and outbox.took(visit.redis, sid, effect.id):
        outbox.settle(visit.redis, effect.id, effect.state, "sent", sid=sid)
    if _moves_forward(visit, sid, status):
        story = (effect and effect.story) or sid
        facts = {"status": status, "error": text["ErrorCode"], "who": mask(text["To"])}
        events.publish(visit.pipe, "text.delivered", story, **facts)
    return Reply(status=204)


def _moves_forward(visit: Visit, sid: str, status: str) -> bool:
    """Callbacks come in any order; a late "sent" does not undo "delivered"."""
    key = f"text-status:{sid}"
    before = (visit.redis.get(key) or b"").decode()
    if before in STATUS_ENDS or (status in STATUS_ORDER and _rank(status) <= _rank(before)):
        return False
    visit.pipe.set(key, status, ex=pending_answers.KEPT)
    return True


def _rank(status: str) -> int:
    return STATUS_ORDER.index(status) if status in STATUS_ORDER else -1


@signed(bp, "/sms/fallback")
def text_fallback(delivery: Delivery) -> Reply:
    """Twilio could not get an answer from /sms: this one needs no store."""
    return _say("Sorry, something went wrong on our side. Please text that again in a minute.")
