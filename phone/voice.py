"""Incoming calls: a greeting and a menu of commands."""

from flask import Blueprint

import answer_outcomes
import events
import phone_numbers
from answer_outcomes import AnswerText
from masking import mask_address, mask_words
from phone import voice_answers
from phone.call_steps import next_document, not_understood, respond, speak, speak_menu, step_key
from phone.commands import Command, NeedsWords, SlowAnswer, find_by_key
from phone.commands.count import record_use
from phone.recognition.command_recognition import clean_speech, describe_words, find_by_speech
from phone.twiml import basic_documents, menus, recording
from phone.twiml.menus import scene_menu
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, webhook
from show import contributions, talk_file
from workers import call_state

bp = Blueprint("voice", __name__)

GREETING = f"Hello, this is {basic_documents.SERVICE_NAME}."


@webhook(bp, "/voice", key=step_key, reads=contributions.reads)
def receive_call(context: WebhookContext) -> StoredResponse:
    """Greet a new caller and offer the choices of the current scene, if it has any."""
    call, participant = context.delivery, contributions.identify(context)
    events.publish(
        context.pipe,
        "call.received",
        call["CallSid"],
        who=mask_address(call["From"]),
        name=participant.name,
    )
    call_state.record_start(context.pipe, call["CallSid"], phone_numbers.answerable(call["From"]))
    scene = participant.show.scene(talk_file.current_talk())
    if participant.show.is_paused:
        return speak(context, contributions.PAUSED, basic_documents.goodbye(f"{contributions.PAUSED} Goodbye."))
    if scene.spoken_choices() and participant.show.is_open(scene):
        return speak(context, GREETING, scene_menu(GREETING, scene, 1))
    return speak(context, GREETING, menus.menu(GREETING, 1))


@webhook(bp, "/voice/menu", key=step_key)
def handle_menu_input(context: WebhookContext) -> StoredResponse:
    """Handle the key or the speech that the menu gathered."""
    key, speech = context.delivery["Digits"], context.delivery["SpeechResult"]
    if not key and not speech:
        return _handle_silence(context)
    publish_heard(context, key, speech)
    if key == menus.GOODBYE_KEY or "goodbye" in speech.lower():
        return speak(context, "Goodbye.", basic_documents.goodbye())
    if key == menus.RECORD_KEY or "message" in speech.lower():
        return speak(context, "Leave your message after the tone.", recording.record(next_document(context)))
    if key == menus.REPEAT_KEY:
        return respond(context, menus.menu("Here is the menu.", next_document(context)))
    found = find_by_speech(speech) if speech else None
    command, words = found or (find_by_key(key), "")
    return _run_command(context, command, words) if command else not_understood(context)


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
        return not_understood(context)
    words = clean_speech(context.delivery["SpeechResult"]) or _choice_for_key(found[0], context.delivery["Digits"])
    if not words:
        return not_understood(context)
    heard = {"words": f"said {mask_words(words)}", "command": found[0].name, "length": len(words)}
    events.publish(context.pipe, "call.heard", context.delivery["CallSid"], **heard, has_free_text=True)
    return _run_command(context, found[0], words)


def _run_command(context: WebhookContext, command: Command, words: str) -> StoredResponse:
    try:
        answer = command.run(words)
    except NeedsWords as question:
        document = menus.prompt(str(question), command.name, next_document(context), question.choices)
        return speak(context, AnswerText(str(question), answer_outcomes.ASKED_BACK), document)
    record_use(context.pipe, command.name, contributions.person_of(context.delivery))
    if isinstance(answer, SlowAnswer):
        return voice_answers.enqueue(context, command.name, answer)
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


def _handle_silence(context: WebhookContext) -> StoredResponse:
    silent_menus = context.delivery.query_number("silent", 1)
    if silent_menus >= menus.MAX_SILENT_MENUS:
        return speak(context, "Goodbye.", basic_documents.goodbye(menus.SILENCE_GOODBYE))
    return respond(context, menus.menu("I did not hear anything.", next_document(context), silent_menus))
