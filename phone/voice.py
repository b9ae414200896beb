"""Incoming calls: a greeting, a menu, and spoken answers."""

import hashlib
import time
from urllib.parse import urlsplit

from flask import Blueprint
from redis.exceptions import RedisError

import answer_outcomes
import command_counts
import events
from answer_outcomes import AnswerText
from context import queues, settings, store
from masking import mask_words
from phone import callers, hold_twiml, voice_twiml
from phone.call_steps import document_number, next_document, respond, speak, speak_menu, step_key
from phone.command_recognition import clean_speech, describe_words, find_by_speech
from phone.commands import Command, NeedsWords, SlowAnswer, find_by_key
from phone.line import webhooks as line_calls
from phone.scene_twiml import scene_menu
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, verified_only, webhook
from show import contributions
from show.talk import current_talk
from workers import call_state, callbacks, pending_answers, tasks
from workers.pending_answers import PendingAnswer

bp = Blueprint("voice", __name__)

ANSWER_TIMEOUT_SECONDS = 60  # then the caller hears an apology; a killed worker's job is retried much sooner
MAX_SILENT_MENUS = 3  # then we hang up
HTTP_ERRORS = "112"  # how Twilio's error codes for failed requests begin; a request may succeed when it is repeated
FALLBACK_SECONDS, RETRY_SECONDS = 8.0, 0.5  # the last try may take some more seconds; Twilio waits 15 in total
RETRIED = "retried=1"  # in the URL of a step that the fallback has requested
GREETING = f"Hello, this is {voice_twiml.SERVICE_NAME}."
NOT_UNDERSTOOD = AnswerText("Sorry, I did not get that.", answer_outcomes.NOT_UNDERSTOOD)


@webhook(bp, "/voice", key=step_key, reads=contributions.reads)
def receive_call(context: WebhookContext) -> StoredResponse:
    """Greet a new caller, with the choices of the current scene if it has any."""
    call, participant = context.delivery, contributions.identify(context)
    events.publish(
        context.pipe, "call.received", call["CallSid"], who=callers.masked_address_of(call), name=participant.name
    )
    call_state.record_start(context.pipe, call["CallSid"], callers.address_of(call))
    scene = participant.show.scene(current_talk.talk())
    if participant.show.is_paused:
        return speak(context, contributions.PAUSED, voice_twiml.goodbye(f"{contributions.PAUSED} Goodbye."))
    if scene.spoken_choices() and participant.show.is_open(scene):
        return speak(context, GREETING, scene_menu(GREETING, scene, 1))
    return speak(context, GREETING, voice_twiml.menu(GREETING, 1))


@webhook(bp, "/voice/menu", key=step_key)
def handle_menu_input(context: WebhookContext) -> StoredResponse:
    """Handle the key or the speech that the menu gathered."""
    key, speech = context.delivery["Digits"], context.delivery["SpeechResult"]
    if not key and not speech:
        return _handle_silence(context)
    publish_heard(context, key, speech)
    if key == voice_twiml.GOODBYE_KEY or "goodbye" in speech.lower():
        return speak(context, "Goodbye.", voice_twiml.goodbye())
    if key == voice_twiml.RECORD_KEY or "message" in speech.lower():
        return speak(context, "Leave your message after the tone.", voice_twiml.record(next_document(context)))
    if key == voice_twiml.REPEAT_KEY:
        return respond(context, voice_twiml.menu("Here is the menu.", next_document(context)))
    found = find_by_speech(speech) if speech else None
    command, words = found or (find_by_key(key), "")
    return _run_command(context, command, words) if command else _not_understood(context)


def publish_heard(context: WebhookContext, key: str, speech: str) -> None:
    """Publish which key the caller pressed, or what the caller said."""
    words, said = f"pressed {key}", {}
    if not key:
        words, said = f"said {mask_words(speech)}", describe_words(speech, is_speech=True)
    events.publish(context.pipe, "call.heard", context.delivery["CallSid"], words=words, **said)


@webhook(bp, "/voice/words", key=step_key)
def handle_command_words(context: WebhookContext) -> StoredResponse:
    """Run the command with the argument that its prompt gathered."""
    found = find_by_speech(context.delivery.query.get("command", ""))
    if found is None:
        return _not_understood(context)
    words = clean_speech(context.delivery["SpeechResult"]) or _choice_for_key(found[0], context.delivery["Digits"])
    if not words:
        return _not_understood(context)
    heard = {"words": f"said {mask_words(words)}", "command": found[0].name, "length": len(words)}
    events.publish(context.pipe, "call.heard", context.delivery["CallSid"], **heard, has_free_text=True)
    return _run_command(context, found[0], words)


@webhook(bp, "/voice/wait", key=step_key)
def wait_for_answer(context: WebhookContext) -> StoredResponse:
    """Speak the answer if it is ready; otherwise the caller keeps waiting."""
    pending = _load_pending(context)
    if pending is None:
        return _not_understood(context)
    if call_state.load(context.redis, pending.subject).document > document_number(context.delivery):
        # A late fetch: a live update has already replaced this document.
        return StoredResponse(voice_twiml.menu("Hello again.", next_document(context), is_full_menu=False))
    turn = context.delivery.query_number("turn", 1)
    if pending.is_open:
        return _keep_waiting(context, pending, turn)
    if pending.route == "update" and time.time() - pending.routed_at < callbacks.UPDATE_TIMEOUT_SECONDS:
        return respond(context, hold_twiml.sound_only(pending.id, next_document(context), turn))
    return _speak_answer(context, pending, "wait") or wait_for_answer(context)


@webhook(bp, "/voice/answer", key=step_key)
def deliver_answer(context: WebhookContext) -> StoredResponse:
    """Speak the answer after a live update of the call."""
    pending = _load_pending(context)
    if pending is None or pending.is_open:
        return _not_understood(context)
    return _speak_answer(context, pending, "update") or deliver_answer(context)


@webhook(bp, "/voice/recorded", key=step_key)
def finish_recording(context: WebhookContext) -> StoredResponse:
    """Thank the caller. The recording itself arrives at /voice/recording once Twilio has processed it."""
    if context.delivery["Digits"] == "hangup":
        return StoredResponse(voice_twiml.goodbye())
    return speak_menu(context, "Thank you. We have your message.")


def recording_key(delivery: Delivery) -> str:
    """The claim key for a recording callback: each status of a recording is handled once."""
    sid, _ = delivery.sid("RecordingSid", "RE"), delivery.sid("CallSid", "CA")
    return f"recording:{sid}:{delivery['RecordingStatus'] or 'completed'}"


@webhook(bp, "/voice/recording", key=recording_key)
def process_recording(context: WebhookContext) -> StoredResponse:
    """Have a worker measure a completed recording for the stage."""
    sid, call_sid = context.delivery["RecordingSid"], context.delivery["CallSid"]
    if context.delivery["RecordingStatus"] not in ("", "completed"):
        return StoredResponse(status=204)
    events.publish(context.pipe, "recording.left", call_sid, seconds=context.delivery["RecordingDuration"])
    id, number = _pending_answer_id("recording", sid, ""), call_state.load(context.redis, call_sid).phone_number
    deadline = time.time() + 10 * ANSWER_TIMEOUT_SECONDS
    pending = PendingAnswer(id, "message", sid, "stage", number, call_sid, deadline)
    queues().enqueue(context.pipe, pending, tasks.measure_recording)
    contributions.contribute_recording(context, context.delivery.query.get("scene", ""), number)
    return StoredResponse(status=204)


def status_key(delivery: Delivery) -> str:
    """The claim key for a status callback: each status of a call is handled once."""
    return f"call-status:{delivery.sid('CallSid', 'CA')}:{delivery['CallStatus']}"


@webhook(bp, "/voice/status", key=status_key)
def update_call_status(context: WebhookContext) -> StoredResponse:
    """Record the end of a call. A worker then texts the answers that the caller did not hear."""
    sid, status = context.delivery["CallSid"], context.delivery["CallStatus"]
    if status in call_state.FINAL_STATUSES:
        call_state.record_end(context.pipe, sid, status)
        line_calls.end_call(context)
        seconds = context.delivery["CallDuration"] or "0"
        events.publish(context.pipe, "call.ended", sid, status=status, seconds=seconds)
        if call_state.load(context.redis, sid).answer_ids:
            queues().enqueue_after_call(context.pipe, sid)
    return StoredResponse(status=204)


@verified_only(bp, "/voice/fallback")
def call_fallback(delivery: Delivery) -> StoredResponse:
    """Twilio received no valid document from us: try the failed step once more, or apologize if that cannot work.

    `ErrorUrl` is the failed step's URL. If the step was processed and only its response was lost, the caller gets that
    response. If a key or words were lost, the caller hears the menu again.
    """
    step = urlsplit(delivery["ErrorUrl"])
    is_step = step.path == "/voice" or step.path.startswith("/voice/")
    is_retryable = is_step and delivery["ErrorCode"].startswith(HTTP_ERRORS) and RETRIED not in step.query
    if is_retryable and _wait_for_store():  # Twilio requests the fallback only once, so a second failure ends the call
        query = "&".join(part for part in (step.query, RETRIED) if part)
        return StoredResponse(voice_twiml.redirect("One moment, please.", f"{step.path}?{query}"))
    return StoredResponse(
        voice_twiml.goodbye("Sorry, something went wrong on our side. Please call again in a minute. Goodbye.")
    )


def _wait_for_store() -> bool:
    """Return whether the store responds now or within some seconds, because an outage may be about to end."""
    until = time.monotonic() + FALLBACK_SECONDS
    while True:
        try:
            return bool(store().execute_command("PING"))
        except RedisError:
            if time.monotonic() > until:
                return False
            time.sleep(RETRY_SECONDS)


def _run_command(context: WebhookContext, command: Command, words: str) -> StoredResponse:
    try:
        answer = command.run(words)
    except NeedsWords as question:
        document = voice_twiml.prompt(str(question), command.name, next_document(context), question.choices)
        return speak(context, AnswerText(str(question), answer_outcomes.ASKED_BACK), document)
    command_counts.record(context.pipe, command.name, contributions.person_of(context.delivery))
    if isinstance(answer, SlowAnswer):
        return _enqueue_answer(context, command.name, answer)
    return speak_menu(context, answer)


def _choice_for_key(command: Command, key: str) -> str:
    """The choice in the command's prompt that this key selects, or ""."""
    if key not in tuple("123456789"):
        return ""
    try:
        command.run("")
    except NeedsWords as question:
        return "".join(question.choices[int(key) - 1 : int(key)])
    return ""


def _enqueue_answer(context: WebhookContext, command: str, slow: SlowAnswer) -> StoredResponse:
    sid, document = context.delivery["CallSid"], next_document(context)
    id = _pending_answer_id("call", sid, f"{context.delivery.path} {document}")
    deadline = time.time() + ANSWER_TIMEOUT_SECONDS
    caller, sender = callers.address_of(context.delivery), settings().sender_for(context.delivery["To"])
    pending = PendingAnswer(id, command, slow.words, "call", caller, sid, deadline, sender=sender)
    queues().enqueue(context.pipe, pending, slow.task)
    call_state.add_pending_answer(context.pipe, sid, id)
    return speak(context, slow.interim_answer, hold_twiml.waiting(id, document, 1, slow.interim_answer))


def _load_pending(context: WebhookContext) -> PendingAnswer | None:
    """The pending answer named in the URL, or None if it does not exist or belongs to another call."""
    pending = pending_answers.load(context.redis, context.delivery.query.get("answer", ""))
    return pending if pending and pending.subject == context.delivery["CallSid"] else None


def _keep_waiting(context: WebhookContext, pending: PendingAnswer, turn: int) -> StoredResponse:
    if time.time() > pending.deadline:
        if not pending_answers.settle(context.redis, pending, "failed", callbacks.TIMEOUT_MESSAGE):
            return wait_for_answer(context)  # the answer has just arrived
        pending_answers.claim_route(context.redis, pending, "wait")
        return speak_menu(context, callbacks.TIMEOUT_MESSAGE)
    progress = pending_answers.load_progress(context.redis, pending.id)
    return respond(context, hold_twiml.waiting(pending.id, next_document(context), turn, progress))


def _speak_answer(context: WebhookContext, pending: PendingAnswer, route: str) -> StoredResponse | None:
    """Speak the answer, unless it has already been spoken or sent as a text. Returns None if its route has changed."""
    if pending.route == "text":
        return speak_menu(context, "I have sent you the answer as a text.")
    if callbacks.was_heard(context.redis, pending.id):
        opening = "You have already heard the answer."
        return respond(context, voice_twiml.menu(opening, next_document(context), is_full_menu=False))
    if pending.route != route and not pending_answers.claim_route(context.redis, pending, route):
        return None
    callbacks.mark_heard(context.pipe, pending.id)
    return speak_menu(context, pending.answer)


def _handle_silence(context: WebhookContext) -> StoredResponse:
    silent_menus = context.delivery.query_number("silent", 1)
    if silent_menus >= MAX_SILENT_MENUS:
        return speak(context, "Goodbye.", voice_twiml.goodbye("I cannot hear you, so I am hanging up. Goodbye."))
    return respond(context, voice_twiml.menu("I did not hear anything.", next_document(context), silent_menus))


def _not_understood(context: WebhookContext) -> StoredResponse:
    return speak(context, NOT_UNDERSTOOD, voice_twiml.menu(NOT_UNDERSTOOD, next_document(context)))


def _pending_answer_id(*parts: str) -> str:
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:20]
