"""The steps of a call: each request acts on a numbered document and responds with the next one."""

import time

import answer_outcomes
import events
from answer_outcomes import AnswerText, outcome_of
from phone.twiml import menus
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext
from workers import call_state

NOT_UNDERSTOOD = AnswerText("Sorry, I did not get that.", answer_outcomes.NOT_UNDERSTOOD)


def step_key(delivery: Delivery) -> str:
    """The claim key for a step. It contains the document number, because a caller may press the same key twice."""
    return f"call:{delivery.sid('CallSid', 'CA')}:{delivery.path}:{document_number(delivery)}"


def document_number(delivery: Delivery) -> int:
    """The number of the document that led to this request; 0 for the first request of a call."""
    number = delivery.query.get("doc", "0")
    return int(number) if number.isdecimal() and len(number) < 9 else 0


def next_document(context: WebhookContext) -> int:
    """The number of the document that this step returns."""
    return document_number(context.delivery) + 1


def speak_menu(context: WebhookContext, words: str) -> StoredResponse:
    """Speak the words, followed by the short menu."""
    return speak(context, words, menus.menu(words, next_document(context), is_full_menu=False))


def speak(context: WebhookContext, words: str, document: str) -> StoredResponse:
    """Respond with the document, and publish the words that it speaks."""
    duration_ms = round((time.time() - context.delivery.received_at) * 1000, 1)
    events.publish(
        context.pipe,
        "call.spoken",
        context.delivery["CallSid"],
        answer=words,
        ms=duration_ms,
        outcome=outcome_of(words),
    )
    return respond(context, document)


def respond(context: WebhookContext, document: str) -> StoredResponse:
    """Respond with the document, and record which document the caller has acted on."""
    call_state.record_document(context.pipe, context.delivery["CallSid"], document_number(context.delivery))
    return StoredResponse(document)


def not_understood(context: WebhookContext) -> StoredResponse:
    """Say that we did not understand, and repeat the menu."""
    return speak(context, NOT_UNDERSTOOD, menus.menu(NOT_UNDERSTOOD, next_document(context)))
