"""Incoming texts."""

import functools
import time
from collections.abc import Sequence
from typing import Any

from flask import Blueprint
from twilio.twiml.messaging_response import MessagingResponse

import events
import phone_numbers
from answer_outcomes import ASKED_BACK, DECLINED, NOT_UNDERSTOOD, AnswerText, outcome_of
from context import queues, settings
from masking import mask_address, mask_words
from phone import opt_out_and_forget_me
from phone.commands import NeedsWords, SlowAnswer
from phone.commands.count import record_use
from phone.commands.help import list_commands
from phone.recognition.command_recognition import describe_words, find_by_words, is_plain_command
from phone.twiml.basic_documents import to_xml_text
from receiving import replay_marker
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, webhook
from sending import unanswered_texts
from sending.segments import shorten
from show import contributions
from show.contributions import Participant
from store import Commands
from workers import pending_answers
from workers.pending_answers import PendingAnswer

bp = Blueprint("sms", __name__)

ANSWER_TIMEOUT_SECONDS = 120  # then the sender gets an apology
NO_NUMBER = AnswerText("That takes me a moment, and I see no phone number to which I could text the answer.", DECLINED)
CACHED_RESPONSES = 256  # many people get the same reply
EMPTY_RESPONSE = StoredResponse(str(MessagingResponse()))


def reads_of_text(delivery: Delivery) -> Commands:
    """Read the show's state. Count the text as one of its sender's open questions, if a worker is to answer it."""
    sender, found = phone_numbers.answerable(delivery["From"]), find_by_words(delivery["Body"])
    is_question = bool(sender) and found is not None and found[0].is_slow
    question = unanswered_texts.count(sender, _answer_id(delivery)) if is_question else ()
    return (*contributions.reads(delivery), *question)


def undo_reads(delivery: Delivery, replies: Sequence[Any]) -> Commands:
    """Return the commands that uncount a copy of a text, unless the text is still an open question."""
    sender = phone_numbers.answerable(delivery["From"])
    return unanswered_texts.uncount(sender, _answer_id(delivery), replies[contributions.READS :])


def text_key(delivery: Delivery) -> str:
    """The claim key: each text is handled once."""
    return f"sms:{delivery.sid('MessageSid', 'SM', 'MM')}"


@webhook(bp, "/sms", key=text_key, reads=reads_of_text, undo=undo_reads)
def receive_text(context: WebhookContext) -> StoredResponse:
    """Reply to an incoming text."""
    text, sender = context.delivery, phone_numbers.answerable(context.delivery["From"])
    body, participant = text["Body"].strip(), contributions.identify(context)
    received = {"who": mask_address(text["From"]), "name": participant.name, "words": mask_words(body)}
    events.publish(context.pipe, "text.received", text["MessageSid"], **received, **describe_words(body))
    opt_out_reply = opt_out_and_forget_me.apply(context, sender, body)
    if opt_out_reply == "":
        return EMPTY_RESPONSE
    own_reply = opt_out_reply or opt_out_and_forget_me.forget(context, sender, body)
    contributed = "" if own_reply else _contribute(context, participant, body)
    answer = own_reply or contributed or _answer_text(context, sender, body)
    data = {"answer": answer, "ms": round((time.time() - text.received_at) * 1000, 1), "outcome": outcome_of(answer)}
    events.publish(context.pipe, "text.answered", text["MessageSid"], **data, is_contribution=bool(contributed))
    return message_response(answer)


def _contribute(context: WebhookContext, participant: Participant, body: str) -> str:
    """Contribute the text to a scene of the talk and return the reply, or "" if the text is not for a scene."""
    if reply := contributions.reply_to_text(context, participant, body, is_plain_command(body)):
        _close_question(context)
    return reply


def _close_question(context: WebhookContext) -> None:
    """Undo the count in `reads_of_text`: no worker will answer this text."""
    if context.replies[contributions.READS :]:
        unanswered_texts.close(context.pipe, context.delivery["From"], _answer_id(context.delivery))


def _answer_text(context: WebhookContext, sender: str, body: str) -> str:
    found = find_by_words(body)
    if found is None:
        _record_command(context, "other")
        opening = "I do not know that command. " if body else "Your text was empty. "
        return AnswerText(opening + list_commands(""), NOT_UNDERSTOOD)
    command, words = found
    _record_command(context, command.name)
    try:
        answer = command.run(words)
    except NeedsWords as question:
        answer = AnswerText(question.written_prompt, ASKED_BACK)
    if isinstance(answer, SlowAnswer) and not sender:
        return NO_NUMBER
    if isinstance(answer, SlowAnswer) and not unanswered_texts.are_too_many(context.replies[contributions.READS :]):
        _enqueue_answer(context, sender, command.name, answer)
        return f"{answer.interim_answer} I will text you the answer."
    _close_question(context)
    return answer if isinstance(answer, str) else AnswerText(unanswered_texts.REFUSAL, DECLINED)


def _enqueue_answer(context: WebhookContext, sender: str, command: str, slow: SlowAnswer) -> None:
    id, sid = _answer_id(context.delivery), context.delivery["MessageSid"]
    deadline = time.time() + ANSWER_TIMEOUT_SECONDS
    answerer = settings().sender_for(context.delivery["To"])
    pending = PendingAnswer(id, command, slow.words, "text", sender, sid, deadline, sender=answerer)
    queues().enqueue(context.pipe, pending, slow.task)


def _answer_id(delivery: Delivery) -> str:
    # The claim key of a forced replay differs, so that the work is done again.
    claim = replay_marker.claim_key(delivery, f"text {delivery['MessageSid']}")
    return pending_answers.derive_id(claim)


def _record_command(context: WebhookContext, command: str) -> None:
    record_use(context.pipe, command, contributions.person_of(context.delivery))


@functools.lru_cache(CACHED_RESPONSES)
def message_response(words: str) -> StoredResponse:
    """Respond with one text that contains these words, shortened if it needs too many segments."""
    document = MessagingResponse()
    document.message(shorten(to_xml_text(words)))
    return StoredResponse(str(document))
