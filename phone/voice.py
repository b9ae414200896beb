"""Calls: a greeting, a menu, and answers into the ear."""

import hashlib
import time

from flask import Blueprint, current_app

import events
from masking import alias, mask, mask_words
from phone import documents
from phone.commands import Command, NeedsWords, Slow, by_key, by_speech
from receiving.delivery import Delivery
from receiving.idempotency import Reply
from receiving.receiver import Visit, signed, webhook
from workers import callbacks, calls, pending_answers, progress, tasks
from workers.pending_answers import Ask

bp = Blueprint("voice", __name__)

DEADLINE = 60  # seconds until a caller is told that it takes too long; a killed worker's job is back long before
QUIET_TIMES = 3  # menus without a word before we say goodbye
GREETING = f"Hello, this is {documents.NAME}."
NOT_UNDERSTOOD = "Sorry, I did not get that."
UPDATE_TAKES = callbacks.UPDATE_TAKES


def step_key(delivery: Delivery) -> str:
    """A step in a call: a caller may truly press 1 twice, so the document that led here is part of it."""
    return f"call:{delivery['CallSid']}:{delivery.path}:{document_of(delivery)}"


def document_of(delivery: Delivery) -> int:
    """The number of the document that led here; 0 for the first request of a call."""
    number = delivery.query.get("doc", "0")
    return int(number) if number.isdecimal() and len(number) < 9 else 0


@webhook(bp, "/voice", key=step_key)
def call_arrived(visit: Visit) -> Reply:
    """Somebody calls the number."""
    call = visit.delivery
    events.publish(visit.pipe, "call.received", call["CallSid"], who=mask(call["From"]))
    calls.begin(visit.pipe, call["CallSid"], call["From"])
    return _spoken(visit, GREETING, documents.menu(GREETING, 1))


@webhook(bp, "/voice/menu", key=step_key)
def caller_chose(visit: Visit) -> Reply:
    """A key was pressed, something was said, or nothing."""
    pressed, said = visit.delivery["Digits"], visit.delivery["SpeechResult"]
    if not pressed and not said:
        return _nothing_came(visit)
    heard = f"pressed {pressed}" if pressed else f"said {mask_words(said)}"
    events.publish(visit.pipe, "call.heard", visit.delivery["CallSid"], words=heard)
    if pressed == documents.GOODBYE_KEY or "goodbye" in said.lower():
        return _spoken(visit, "Goodbye.", documents.goodbye())
    if pressed == documents.RECORD_KEY or "message" in said.lower():
        return _spoken(visit, "Leave your message after the tone.", documents.record(_next(visit)))
    if pressed == documents.AGAIN_KEY:
        return _step(visit, documents.menu("Here is the menu.", _next(visit)))
    found = by_speech(said) if said else None
    chosen, words = found or (by_key(pressed), "")
    if chosen is None:
        return _spoken(visit, NOT_UNDERSTOOD, documents.menu(NOT_UNDERSTOOD, _next(visit)))
    return _run(visit, chosen, words)


@webhook(bp, "/voice/words", key=step_key)
def caller_said_words(visit: Visit) -> Reply:
    """The words that a command asked for."""
    from_table = by_speech(visit.delivery.query.get("command", ""))
    said = visit.delivery["SpeechResult"] or _chosen(from_table[0] if from_table else None, visit.delivery["Digits"])
    if from_table is None or not said:
        return _spoken(visit, NOT_UNDERSTOOD, documents.menu(NOT_UNDERSTOOD, _next(visit)))
    events.publish(visit.pipe, "call.heard", visit.delivery["CallSid"], words=f"said {mask_words(said)}")
    return _run(visit, from_table[0], said)


@webhook(bp, "/voice/wait", key=step_key)
def caller_waits(visit: Visit) -> Reply:
    """The waiting document is over: is the answer there?"""
    ask = pending_answers.load(visit.redis, visit.delivery.query.get("ask", ""))
    if ask is None or ask.story != visit.delivery["CallSid"]:
        return _spoken(visit, NOT_UNDERSTOOD, documents.menu(NOT_UNDERSTOOD, _next(visit)))
    if calls.load(visit.redis, ask.story).document > document_of(visit.delivery):
        return Reply(
            documents.menu("Hello again.", _next(visit), whole=False)
        )  # a late fetch of a document that was replaced
    turn = int(visit.delivery.query.get("turn", "1"))
    if ask.is_open:
        return _keep_waiting(visit, ask, turn)
    if ask.route == "update" and time.time() - ask.routed_at < UPDATE_TAKES:
        return _step(visit, documents.a_moment(ask.id, _next(visit), turn))
    return _answer(visit, ask, "wait")


@webhook(bp, "/voice/answer", key=step_key)
def answer_arrived(visit: Visit) -> Reply:
    """The live update took: Twilio fetches the answer for the caller who waits."""
    ask = pending_answers.load(visit.redis, visit.delivery.query.get("ask", ""))
    if ask is None or ask.story != visit.delivery["CallSid"] or ask.is_open:
        return _spoken(visit, NOT_UNDERSTOOD, documents.menu(NOT_UNDERSTOOD, _next(visit)))
    return _answer(visit, ask, "update")


@webhook(bp, "/voice/recorded", key=step_key)
def caller_left_a_message(visit: Visit) -> Reply:
    """The recording is over; its sound comes to /voice/recording when Twilio has it."""
    if visit.delivery["Digits"] == "hangup":
        return Reply(documents.goodbye())
    thanks = "Thank you. The room will see your message in a moment."
    return _spoken(visit, thanks, documents.menu(thanks, _next(visit), whole=False))


def recording_key(delivery: Delivery) -> str:
    """A recording is ready once."""
    return f"recording:{delivery['RecordingSid']}:{delivery['RecordingStatus']}"


@webhook(bp, "/voice/recording", key=recording_key)
def recording_is_ready(visit: Visit) -> Reply:
    """Twilio has the sound: a worker listens to it."""
    sid, story = visit.delivery["RecordingSid"], visit.delivery["CallSid"]
    if visit.delivery["RecordingStatus"] not in ("", "completed"):
        return Reply(status=204)
    events.publish(visit.pipe, "recording.left", story, seconds=visit.delivery["RecordingDuration"])
    who = calls.load(visit.redis, story).person
    ask = Ask(_ask_id("recording", sid, ""), "message", sid, "stage", who, story, time.time() + 10 * DEADLINE)
    current_app.extensions["queues"].put(visit.pipe, ask, tasks.listen)
    return Reply(status=204)


def status_key(delivery: Delivery) -> str:
    """A call's status comes once; the sid alone would drop what follows."""
    return f"call-status:{delivery['CallSid']}:{delivery['CallStatus']}"


@webhook(bp, "/voice/status", key=status_key)
def call_moved_on(visit: Visit) -> Reply:
    """The call is over, or on its way there."""
    sid, status = visit.delivery["CallSid"], visit.delivery["CallStatus"]
    if status in calls.ENDED:
        seconds = visit.delivery["CallDuration"] or "0"
        calls.end(visit.pipe, sid, status)
        events.publish(visit.pipe, "call.ended", sid, status=status, seconds=seconds)
        if calls.load(visit.redis, sid).asks:
            current_app.extensions["queues"].after_call(visit.pipe, sid)
    return Reply(status=204)


@signed(bp, "/voice/fallback")
def call_fallback(delivery: Delivery) -> Reply:
    """Twilio could not get a document from us: this one needs no store."""
    return Reply(documents.goodbye("Sorry, something went wrong on our side. Please call again in a minute. Goodbye."))


def _run(visit: Visit, chosen: Command, words: str) -> Reply:
    document = _next(visit)
    secret = current_app.extensions["settings"].secret_key[0]
    try:
        answer = chosen.answer(words)
    except NeedsWords as question:
        return _spoken(visit, str(question), documents.question(str(question), chosen.name, document, question.choices))
    pending_answers.remember(visit.pipe, chosen.name, "call", alias(visit.delivery["From"], secret))
    if isinstance(answer, Slow):
        return _hand_over(visit, chosen.name, answer)
    return _spoken(visit, answer, documents.menu(answer, document, whole=False))


def _chosen(command: Command | None, key: str) -> str:
    """The words that this key stands for in the command's question, or ""."""
    if command is None or key not in tuple("123456789"):
        return ""
    try:
        command.answer("")
    except NeedsWords as question:
        return "".join(question.choices[int(key) - 1 : int(key)])
    return ""


def _hand_over(visit: Visit, name: str, slow: Slow) -> Reply:
    sid, document = visit.delivery["CallSid"], _next(visit)
    id = _ask_id("call", sid, f"{visit.delivery.path} {document}")
    ask = Ask(id, name, slow.words, "call", visit.delivery["From"], sid, time.time() + DEADLINE)
    current_app.extensions["queues"].put(visit.pipe, ask, slow.task)
    calls.waits_for(visit.pipe, sid, id)
    return _spoken(visit, slow.meanwhile, documents.waiting(id, document, 1, slow.meanwhile))


def _keep_waiting(visit: Visit, ask: Ask, turn: int) -> Reply:
    if time.time() > ask.deadline:
        if pending_answers.settle(visit.redis, ask, "failed", callbacks.TOO_SLOW):
            pending_answers.take_route(visit.redis, ask, "wait")
        return _spoken(visit, callbacks.TOO_SLOW, documents.menu(callbacks.TOO_SLOW, _next(visit), whole=False))
    return _step(visit, documents.waiting(ask.id, _next(visit), turn, progress.so_far(visit.redis, ask.id)))


def _answer(visit: Visit, ask: Ask, route: str) -> Reply:
    """Speak the answer, unless it was spoken or texted before."""
    document = _next(visit)
    if ask.route == "text":
        sent = "I have sent you the answer as a text."
        return _spoken(visit, sent, documents.menu(sent, document, whole=False))
    if callbacks.was_heard(visit.redis, ask.id) or (
        ask.route != route and not pending_answers.take_route(visit.redis, ask, route)
    ):
        return _step(visit, documents.menu("You have heard the answer.", document, whole=False))
    callbacks.heard(visit.pipe, ask.id)
    return _spoken(visit, ask.answer, documents.menu(ask.answer, document, whole=False))


def _nothing_came(visit: Visit) -> Reply:
    quiet = int(visit.delivery.query.get("quiet", "1"))
    if quiet >= QUIET_TIMES:
        return _spoken(visit, "Goodbye.", documents.goodbye("I hear nothing, so I hang up. Goodbye."))
    return _step(visit, documents.menu("I did not hear anything.", _next(visit), quiet))


def _next(visit: Visit) -> int:
    """The number of the document this step hands out."""
    return document_of(visit.delivery) + 1


def _spoken(visit: Visit, words: str, document: str) -> Reply:
    took = round((time.time() - visit.delivery.received_at) * 1000, 1)
    events.publish(visit.pipe, "call.spoken", visit.delivery["CallSid"], answer=words, ms=took)
    return _step(visit, document)


def _step(visit: Visit, document: str) -> Reply:
    calls.step(visit.pipe, visit.delivery["CallSid"], document_of(visit.delivery))
    return Reply(document)


def _ask_id(*parts: str) -> str:
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:20]
