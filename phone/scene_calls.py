"""The steps of a call that belong to a scene of the talk."""

from collections.abc import Callable

from flask import Blueprint

import events
from masking import mask_words
from phone import line_calls, voice
from phone.call_steps import NOT_UNDERSTOOD, next_document, respond, speak, step_key
from phone.recognition.command_recognition import is_plain_command
from phone.twiml import basic_documents, menus, recording
from phone.twiml.menus import scene_menu
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, webhook
from show import contributions, talk_file
from show.base_scene import Scene
from show.contributions import Participant

bp = Blueprint("show_calls", __name__)

NOTHING_HEARD = "I did not hear anything."

# What a key can select instead of words: `Scene.step_for_key` -> a function that returns the next TwiML document.
STEPS: dict[str, Callable[[WebhookContext, int], str]] = {
    "join-line": line_calls.ask_for_topic,
    "record": lambda context, document: recording.record(document, context.delivery.query.get("scene", "")),
}


@webhook(bp, "/voice/scene", key=step_key, reads=contributions.reads)
def handle_scene_choice(context: WebhookContext) -> StoredResponse:
    """Handle the key or the speech that a scene's menu gathered."""
    participant, key, speech = (
        contributions.identify(context),
        context.delivery["Digits"],
        context.delivery["SpeechResult"],
    )
    talk = talk_file.current_talk()
    asked = talk.find(context.delivery.query.get("scene", "")) or participant.show.scene(talk)
    if participant.show.is_paused:
        return speak(context, contributions.PAUSED, basic_documents.goodbye(f"{contributions.PAUSED} Goodbye."))
    if not key and not speech:
        return _handle_silence(context, participant)
    if key == menus.REPEAT_KEY:
        return respond(context, menus.menu("Here is the menu.", next_document(context)))
    if step := STEPS.get(asked.step_for_key(key)):
        if not (_is_asking(context, participant, asked) and participant.show.is_open(asked)):
            return speak(context, asked.closed_reply, _menu(asked.closed_reply, participant, next_document(context)))
        return respond(context, step(context, next_document(context)))
    words = asked.words_for_key(key) if key else speech
    if not words or is_plain_command(speech) or not (asked.recognizes(words) or asked.takes_free_text):
        return voice.handle_menu_input(context) if speech or key == menus.GOODBYE_KEY else _repeat(context, participant)
    # The key is not published: the result of a vote may be hidden.
    heard = {"words": "pressed a key" if key else f"said {mask_words(speech)}", "has_free_text": True}
    events.publish(
        context.pipe, "call.heard", context.delivery["CallSid"], **heard, length=len(speech), is_contribution=True
    )
    return _contribute(context, participant, asked, words)


def _contribute(context: WebhookContext, participant: Participant, asked: Scene, words: str) -> StoredResponse:
    reply = asked.closed_reply
    if _is_asking(context, participant, asked):
        channel = "key" if context.delivery["Digits"] else "speech"
        reply = contributions.contribute(context, participant, asked, words, channel, step_key(context.delivery))
    return speak(context, reply, _menu(reply, participant, next_document(context)))


def _is_asking(context: WebhookContext, participant: Participant, asked: Scene) -> bool:
    """Whether a key still counts for the scene that asked: after a scene change, late contributions are accepted."""
    talk, show = talk_file.current_talk(), participant.show
    return asked in (show.scene(talk), show.previous_scene(talk, context.delivery.received_at))


def _handle_silence(context: WebhookContext, participant: Participant) -> StoredResponse:
    silent_menus = context.delivery.query_number("silent", 1)
    if silent_menus >= menus.MAX_SILENT_MENUS:
        return speak(context, "Goodbye.", basic_documents.goodbye(menus.SILENCE_GOODBYE))
    return respond(context, _menu(NOTHING_HEARD, participant, next_document(context), silent_menus))


def _repeat(context: WebhookContext, participant: Participant) -> StoredResponse:
    return speak(context, NOT_UNDERSTOOD, _menu(NOT_UNDERSTOOD, participant, next_document(context)))


def _menu(opening: str, participant: Participant, document: int, silent_menus: int = 0) -> str:
    """The choices of the current scene, or the menu of commands if it has none."""
    scene = participant.show.scene(talk_file.current_talk())
    if scene.spoken_choices() and participant.show.is_open(scene):
        return scene_menu(opening, scene, document, silent_menus)
    return menus.menu(opening, document, silent_menus, is_full_menu=not silent_menus)
