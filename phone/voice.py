"""Calls: a greeting, a menu, and answers into the ear."""

import hashlib
import time

from flask import Blueprint, current_app

import events
from masking import alias, mask, mask_words
from phone import documents
from phone.commands import Command, NeedsWords, SlowAnswer, find_by_key, find_by_speech
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, verified_only, webhook
from workers import callbacks, calls, pending_answers, tasks
from workers.pending_answers import PendingAnswer

bp = Blueprint("voice", __name__)

ANSWER_TIMEOUT_SECONDS = (
    60  # seconds until a caller is told that it takes too long; a killed worker's job is back long before
)
MAX_SILENT_MENUS = 3  # menus without a word before we say goodbye
GREETING = f"Hello, this is {documents.SERVICE_NAME}."
NOT_UNDERSTOOD = "Sorry, I did not get that."
UPDATE_TAKES = callbacks.UPDATE_TIMEOUT_SECONDS


def step_key(delivery: Delivery) -> str:
    """A step in a call: a caller may truly press 1 twice, so the document that led here is part of it."""
    return f"call:{delivery['CallSid']}:{delivery.path}:{document_number(delivery)}"


def document_number(delivery: Delivery) -> int:
    """The number of the document that led here; 0 for the first request of a call."""
    number = delivery.query.get("doc", "0")
    return int(number) if number.isdecimal() and len(number) < 9 else 0


@webhook(bp, "/voice", key=step_key)
def receive_call(visit: WebhookContext) -> StoredResponse:
    """Somebody calls the number."""
    call = visit.delivery
    events.publish(visit.pipe, "call.received", call["CallSid"], who=mask(call["From"]))
    calls.record_start(visit.pipe, call["CallSid"], call["From"])
    return _speak(visit, GREETING, documents.menu(GREETING, 1))


@webhook(bp, "/voice/menu", key=step_key)
def handle_menu_choice(visit: WebhookContext) -> StoredResponse:
    """A key was pressed, something was said, or nothing."""
    pressed, said = visit.delivery["Digits"], visit.delivery["SpeechResult"]
    if not pressed and not said:
        return _handle_silence(visit)
    heard = f"pressed {pressed}" if pressed else f"said {mask_words(said)}"
    events.publish(visit.pipe, "call.heard", visit.delivery["CallSid"], words=heard)
    if pressed == documents.GOODBYE_KEY or "goodbye" in said.lower():
        return _speak(visit, "Goodbye.", documents.goodbye())
    if pressed == documents.RECORD_KEY or "message" in said.lower():
        return _speak(visit, "Leave your message after the tone.", documents.record(_next_document(visit)))
    if pressed == documents.REPEAT_KEY:
        return _respond(visit, documents.menu("Here is the menu.", _next_document(visit)))
    found = find_by_speech(said) if said else None
    chosen, words = found or (find_by_key(pressed), "")
    if chosen is None:
        return _speak(visit, NOT_UNDERSTOOD, documents.menu(NOT_UNDERSTOOD, _next_document(visit)))
    return _run_command(visit, chosen, words)


@webhook(bp, "/voice/words", key=step_key)
def handle_command_words(visit: WebhookContext) -> StoredResponse:
    """The words that a command asked for."""
    from_table = find_by_speech(visit.delivery.query.get("command", ""))
    said = visit.delivery["SpeechResult"] or _choice_for_key(
        from_table[0] if from_table else None, visit.delivery["Digits"]
    )
    if from_table is None or not said:
        return _speak(visit, NOT_UNDERSTOOD, documents.menu(NOT_UNDERSTOOD, _next_document(visit)))
    events.publish(visit.pipe, "call.heard", visit.delivery["CallSid"], words=f"said {mask_words(said)}")
    return _run_command(visit, from_table[0], said)


@webhook(bp, "/voice/wait", key=step_key)
def wait_for_answer(visit: WebhookContext) -> StoredResponse:
    """The waiting document is over: is the answer there?"""
    ask = pending_answers.load(visit.redis, visit.delivery.query.get("answer", ""))
    if ask is None or ask.subject != visit.delivery["CallSid"]:
        return _speak(visit, NOT_UNDERSTOOD, documents.menu(NOT_UNDERSTOOD, _next_document(visit)))
    if calls.load(visit.redis, ask.subject).document > document_number(visit.delivery):
        return StoredResponse(
            documents.menu("Hello again.", _next_document(visit), whole=False)
        )  # a late fetch of a document that was replaced
    turn = int(visit.delivery.query.get("turn", "1"))
    if ask.is_open:
        return _keep_waiting(visit, ask, turn)
    if ask.route == "update" and time.time() - ask.routed_at < UPDATE_TAKES:
        return _respond(visit, documents.hold(ask.id, _next_document(visit), turn))
    return _speak_answer(visit, ask, "wait")


@webhook(bp, "/voice/answer", key=step_key)
def deliver_answer(visit: WebhookContext) -> StoredResponse:
    """The live update took: Twilio fetches the answer for the caller who waits."""
    ask = pending_answers.load(visit.redis, visit.delivery.query.get("answer", ""))
    if ask is None or ask.subject != visit.delivery["CallSid"] or ask.is_open:
        return _speak(visit, NOT_UNDERSTOOD, documents.menu(NOT_UNDERSTOOD, _next_document(visit)))
    return _speak_answer(visit, ask, "update")


@webhook(bp, "/voice/recorded", key=step_key)
def finish_recording(visit: WebhookContext) -> StoredResponse:
    """The recording is over; its sound comes to /voice/recording when Twilio has it."""
    if visit.delivery["Digits"] == "hangup":
        return StoredResponse(documents.goodbye())
    thanks = "Thank you. The room will see your message in a moment."
    return _speak(visit, thanks, documents.menu(thanks, _next_document(visit), whole=False))


def recording_key(delivery: Delivery) -> str:
    """A recording is ready once."""
    return f"recording:{delivery['RecordingSid']}:{delivery['RecordingStatus']}"


@webhook(bp, "/voice/recording", key=recording_key)
def process_recording(visit: WebhookContext) -> StoredResponse:
    """Twilio has the sound: a worker listens to it."""
    sid, story = visit.delivery["RecordingSid"], visit.delivery["CallSid"]
    if visit.delivery["RecordingStatus"] not in ("", "completed"):
        return StoredResponse(status=204)
    events.publish(visit.pipe, "recording.left", story, seconds=visit.delivery["RecordingDuration"])
    who = calls.load(visit.redis, story).phone_number
    ask = PendingAnswer(
        _pending_answer_id("recording", sid, ""),
        "message",
        sid,
        "stage",
        who,
        story,
        time.time() + 10 * ANSWER_TIMEOUT_SECONDS,
    )
    current_app.extensions["queues"].enqueue(visit.pipe, ask, tasks.measure_recording)
    return StoredResponse(status=204)


def status_key(delivery: Delivery) -> str:
    """A call's status comes once; the sid alone would drop what follows."""
    return f"call-status:{delivery['CallSid']}:{delivery['CallStatus']}"


@webhook(bp, "/voice/status", key=status_key)
def update_call_status(visit: WebhookContext) -> StoredResponse:
    """The call is over, or on its way there."""
    sid, status = visit.delivery["CallSid"], visit.delivery["CallStatus"]
    if status in calls.FINAL_STATUSES:
        seconds = visit.delivery["CallDuration"] or "0"
        calls.record_end(visit.pipe, sid, status)
        events.publish(visit.pipe, "call.ended", sid, status=status, seconds=seconds)
        if calls.load(visit.redis, sid).answer_ids:
            current_app.extensions["queues"].enqueue_after_call(visit.pipe, sid)
    return StoredResponse(status=204)


@verified_only(bp, "/voice/fallback")
def call_fallback(delivery: Delivery) -> StoredResponse:
    """Twilio could not get a document from us: this one needs no store."""
    return StoredResponse(
        documents.goodbye("Sorry, something went wrong on our side. Please call again in a minute. Goodbye.")
    )


def _run_command(visit: WebhookContext, chosen: Command, words: str) -> StoredResponse:
    document = _next_document(visit)
    secret = current_app.extensions["settings"].secret_key[0]
    try:
        answer = chosen.answer(words)
    except NeedsWords as question:
        return _speak(visit, str(question), documents.prompt(str(question), chosen.name, document, question.choices))
    pending_answers.record_command(visit.pipe, chosen.name, "call", alias(visit.delivery["From"], secret))
    if isinstance(answer, SlowAnswer):
        return _enqueue_answer(visit, chosen.name, answer)
    return _speak(visit, answer, documents.menu(answer, document, whole=False))


def _choice_for_key(command: Command | None, key: str) -> str:
    """The words that this key stands for in the command's question, or ""."""
    if command is None or key not in tuple("123456789"):
        return ""
    try:
        command.answer("")
    except NeedsWords as question:
        return "".join(question.choices[int(key) - 1 : int(key)])
    return ""


def _enqueue_answer(visit: WebhookContext, name: str, slow: SlowAnswer) -> StoredResponse:
    sid, document = visit.delivery["CallSid"], _next_document(visit)
    id = _pending_answer_id("call", sid, f"{visit.delivery.path} {document}")
    ask = PendingAnswer(id, name, slow.words, "call", visit.delivery["From"], sid, time.time() + ANSWER_TIMEOUT_SECONDS)
    current_app.extensions["queues"].enqueue(visit.pipe, ask, slow.task)
    calls.add_pending_answer(visit.pipe, sid, id)
    return _speak(visit, slow.interim_answer, documents.waiting(id, document, 1, slow.interim_answer))


def _keep_waiting(visit: WebhookContext, ask: PendingAnswer, turn: int) -> StoredResponse:
    if time.time() > ask.deadline:
        if pending_answers.settle(visit.redis, ask, "failed", callbacks.TIMEOUT_MESSAGE):
            pending_answers.claim_route(visit.redis, ask, "wait")
        return _speak(
            visit,
            callbacks.TIMEOUT_MESSAGE,
            documents.menu(callbacks.TIMEOUT_MESSAGE, _next_document(visit), whole=False),
        )
    words = pending_answers.load_progress(visit.redis, ask.id)
    return _respond(visit, documents.waiting(ask.id, _next_document(visit), turn, words))


def _speak_answer(visit: WebhookContext, ask: PendingAnswer, route: str) -> StoredResponse:
    """Speak the answer, unless it was spoken or texted before."""
    document = _next_document(visit)
    if ask.route == "text":
        sent = "I have sent you the answer as a text."
        return _speak(visit, sent, documents.menu(sent, document, whole=False))
    if callbacks.was_heard(visit.redis, ask.id) or (
        ask.route != route and not pending_answers.claim_route(visit.redis, ask, route)
    ):
        return _respond(visit, documents.menu("You have heard the answer.", document, whole=False))
    callbacks.mark_heard(visit.pipe, ask.id)
    return _speak(visit, ask.answer, documents.menu(ask.answer, document, whole=False))


def _handle_silence(visit: WebhookContext) -> StoredResponse:
    quiet = int(visit.delivery.query.get("quiet", "1"))
    if quiet >= MAX_SILENT_MENUS:
        return _speak(visit, "Goodbye.", documents.goodbye("I hear nothing, so I hang up. Goodbye."))
    return _respond(visit, documents.menu("I did not hear anything.", _next_document(visit), quiet))


def _next_document(visit: WebhookContext) -> int:
    """The number of the document this step hands out."""
    return document_number(visit.delivery) + 1


def _speak(visit: WebhookContext, words: str, document: str) -> StoredResponse:
    took = round((time.time() - visit.delivery.received_at) * 1000, 1)
    events.publish(visit.pipe, "call.spoken", visit.delivery["CallSid"], answer=words, ms=took)
    return _respond(visit, document)


def _respond(visit: WebhookContext, document: str) -> StoredResponse:
    calls.record_document(visit.pipe, visit.delivery["CallSid"], document_number(visit.delivery))
    return StoredResponse(document)


def _pending_answer_id(*parts: str) -> str:
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:20]
