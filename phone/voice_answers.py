"""Answers in a call: the caller waits while a worker computes one, then hears it."""

import time

from flask import Blueprint

import phone_numbers
from context import queues, settings
from phone.call_steps import document_number, next_document, not_understood, respond, speak, speak_menu, step_key
from phone.commands import SlowAnswer
from phone.twiml import hold_phrases, menus
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, webhook
from workers import answer_delivery, call_state, pending_answers
from workers.pending_answers import PendingAnswer

bp = Blueprint("voice_answers", __name__)

ANSWER_TIMEOUT_SECONDS = 60  # then the caller hears an apology; a killed worker's job is retried much sooner


def enqueue(context: WebhookContext, command: str, slow: SlowAnswer) -> StoredResponse:
    """Have a worker compute the answer; the caller hears the interim answer."""
    sid, document = context.delivery["CallSid"], next_document(context)
    id = pending_answers.derive_id(f"call {sid} {context.delivery.path} {document}")
    deadline = time.time() + ANSWER_TIMEOUT_SECONDS
    caller, sender = phone_numbers.answerable(context.delivery["From"]), settings().sender_for(context.delivery["To"])
    pending = PendingAnswer(id, command, slow.words, "call", caller, sid, deadline, sender=sender)
    queues().enqueue(context.pipe, pending, slow.task)
    call_state.add_pending_answer(context.pipe, sid, id)
    return speak(context, slow.interim_answer, hold_phrases.hold(id, document, 1, slow.interim_answer))


@webhook(bp, "/voice/wait", key=step_key)
def wait_for_answer(context: WebhookContext) -> StoredResponse:
    """Speak the answer if it is ready; otherwise the caller keeps waiting."""
    pending = _load_pending(context)
    if pending is None:
        return not_understood(context)
    if call_state.load(context.redis, pending.subject).document > document_number(context.delivery):
        # A late fetch: a live update has already replaced this document.
        return StoredResponse(menus.menu("Hello again.", next_document(context), is_full_menu=False))
    turn = context.delivery.query_number("turn", 1)
    if pending.is_open:
        return _keep_waiting(context, pending, turn)
    if pending.route == "update" and time.time() - pending.routed_at < answer_delivery.UPDATE_TIMEOUT_SECONDS:
        return respond(context, hold_phrases.sound_only(pending.id, next_document(context), turn))
    return _speak_answer(context, pending, "wait") or wait_for_answer(context)


@webhook(bp, "/voice/answer", key=step_key)
def deliver_answer(context: WebhookContext) -> StoredResponse:
    """Speak the answer after a live update of the call."""
    pending = _load_pending(context)
    if pending is None or pending.is_open:
        return not_understood(context)
    return _speak_answer(context, pending, "update") or deliver_answer(context)


def _load_pending(context: WebhookContext) -> PendingAnswer | None:
    """The pending answer named in the URL, or None if it does not exist or belongs to another call."""
    pending = pending_answers.load(context.redis, context.delivery.query.get("answer", ""))
    return pending if pending and pending.subject == context.delivery["CallSid"] else None


def _keep_waiting(context: WebhookContext, pending: PendingAnswer, turn: int) -> StoredResponse:
    if time.time() > pending.deadline:
        if not pending_answers.settle(context.redis, pending, "failed", answer_delivery.TIMEOUT_MESSAGE):
            return wait_for_answer(context)  # the answer has just arrived
        pending_answers.claim_route(context.redis, pending, "wait")
        return speak_menu(context, answer_delivery.TIMEOUT_MESSAGE)
    progress = pending_answers.load_progress(context.redis, pending.id)
    return respond(context, hold_phrases.hold(pending.id, next_document(context), turn, progress))


def _speak_answer(context: WebhookContext, pending: PendingAnswer, route: str) -> StoredResponse | None:
    """Speak the answer, unless it has already been spoken or sent as a text. Returns None if its route has changed."""
    if pending.route == "text":
        return speak_menu(context, "I have sent you the answer as a text.")
    if answer_delivery.was_heard(context.redis, pending.id):
        # A late update: the caller has gone on, perhaps beyond the number of this document, and may hear the next one.
        number = call_state.load(context.redis, pending.subject).document + 2
        return StoredResponse(menus.menu("You have already heard the answer.", number, is_full_menu=False))
    if pending.route != route and not pending_answers.claim_route(context.redis, pending, route):
        return None
    answer_delivery.mark_heard(context.pipe, pending.id)
    return speak_menu(context, pending.answer)
