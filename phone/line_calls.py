"""The webhooks of the `line` scene."""

import json

from flask import Blueprint

import events
from context import settings
from masking import mask_words
from phone.call_steps import next_document, speak, speak_menu, step_key
from phone.twiml import basic_documents, line_documents
from phone_numbers import is_browser_phone
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import WebhookContext, verified_only, webhook
from show import contributions, show_state, talk_file, waiting_line
from show.scenes.line import Line
from workers import call_state

bp = Blueprint("line_calls", __name__)

NO_BROWSER_PHONES = "Phones in the browser cannot come on stage."  # the exchange cannot join Twilio's conference
REDIRECTED = ("redirected", "redirected-from-bridged")  # to the stage, or to the closing words
FAILED = "The line cannot take your call at the moment."


def ask_for_topic(context: WebhookContext, document: int) -> str:
    """The document that the scene's key leads to."""
    return line_documents.ask_for_topic(context.delivery.query.get("scene", ""), document)


@webhook(bp, "/voice/line/join", key=step_key, reads=contributions.reads)
def join_line(context: WebhookContext) -> StoredResponse:
    """Put the caller in line; what they said becomes their caption."""
    participant, scene = contributions.identify(context), _scene_of(context.delivery)
    if participant.show.is_paused:
        return speak(context, contributions.PAUSED, basic_documents.goodbye(f"{contributions.PAUSED} Goodbye."))
    current = participant.show.scene(talk_file.current_talk())
    if scene is None or scene != current or not participant.show.is_open(scene):
        return speak_menu(context, scene.closed_reply if scene else FAILED)
    if _is_on_other_network(context.delivery["From"]):
        return speak_menu(context, NO_BROWSER_PHONES)
    sid, speech = context.delivery["CallSid"], context.delivery["SpeechResult"]
    if not call_state.load(context.redis, sid).is_live:  # the caller hung up, and this webhook arrived later
        return StoredResponse(basic_documents.goodbye())
    call_state.require_live(context.pipe, sid)
    if speech:
        said = {"words": f"said {mask_words(speech)}", "has_free_text": True, "length": len(speech)}
        events.publish(context.pipe, "call.heard", sid, **said, is_contribution=True)
    reply = contributions.contribute(context, participant, scene, speech, "speech", sid)
    show_state.announce(context.pipe)
    return speak(context, reply, line_documents.wait_in_line(scene.id, reply, next_document(context)))


@verified_only(bp, "/voice/line/wait")
def wait_in_line(delivery: Delivery) -> StoredResponse:
    """What the caller hears in the queue. Twilio fetches it repeatedly, which changes nothing."""
    position = delivery["QueuePosition"]
    return StoredResponse(
        line_documents.announce_position(int(position) if position.isdecimal() and len(position) < 5 else 0)
    )


def left_key(delivery: Delivery) -> str:
    """The claim key: a call leaves the queue once for each document that put it there."""
    return f"{step_key(delivery)}:{delivery['QueueResult']}"


@webhook(bp, "/voice/line/left", key=left_key)
def leave_queue(context: WebhookContext) -> StoredResponse:
    """The call has left the queue: the queue was full, the caller hung up, or we redirected the call to the stage.

    https://www.twilio.com/docs/voice/twiml/enqueue#attributes-action
    """
    if context.delivery["QueueResult"] in REDIRECTED:  # Twilio ignores this response
        return StoredResponse(basic_documents.goodbye())
    _leave(context)
    if context.delivery["QueueResult"] == "hangup":
        return StoredResponse(basic_documents.goodbye())
    return speak_menu(context, FAILED)


@webhook(bp, "/voice/line/stage", key=step_key)
def bring_on_stage(context: WebhookContext) -> StoredResponse:
    """The presenter has brought this caller on stage."""
    scene = _scene_of(context.delivery)
    if scene is None:
        return StoredResponse(basic_documents.goodbye())
    return speak(
        context, line_documents.ON_STAGE, line_documents.connect_caller(scene.id, is_transcribed=scene.captions)
    )


def caption_key(delivery: Delivery) -> str:
    """The claim key: each event of a transcription is handled once."""
    return f"line-caption:{delivery.sid('TranscriptionSid', 'GT')}:{delivery['SequenceId'][:10]}"


@webhook(bp, "/voice/line/caption", key=caption_key)
def add_caption(context: WebhookContext) -> StoredResponse:
    """The caller on stage has said a sentence, which becomes their caption once it is approved."""
    delivery, scene = context.delivery, _scene_of(context.delivery)
    words = _transcript(delivery["TranscriptionData"])
    is_sentence = delivery["TranscriptionEvent"] == "transcription-content" and delivery["Final"] != "false"
    if scene and words and is_sentence:
        person = contributions.person_of_call(context.redis, delivery["CallSid"])
        sentence = f"{delivery['TranscriptionSid']} {delivery['SequenceId']}"
        scene.add_caption(context.redis, context.pipe, delivery["CallSid"], person, sentence, words)
        show_state.announce(context.pipe)
    return StoredResponse(status=204)


def _transcript(data: str) -> str:
    """Return the words in the `TranscriptionData` field, or "" if there are none."""
    try:
        found = json.loads(data or "{}")
    except (ValueError, RecursionError):
        return ""
    return str(found.get("transcript", "")) if isinstance(found, dict) else ""


@webhook(bp, "/voice/line/thanks", key=step_key)
def thank_caller(context: WebhookContext) -> StoredResponse:
    """The conversation is over."""
    _leave(context)
    return speak(context, line_documents.LINE_THANKS, basic_documents.goodbye(line_documents.LINE_THANKS))


@webhook(bp, "/voice/line/presenter", key=step_key)
def connect_presenter(context: WebhookContext) -> StoredResponse:
    """The presenter's phone has answered. No event: it is not one of the audience's calls."""
    scene = _scene_of(context.delivery)
    return StoredResponse(line_documents.connect_presenter(scene.id) if scene else basic_documents.goodbye())


def presenter_status_key(delivery: Delivery) -> str:
    """The claim key for a status callback: each status of a call is handled once."""
    return f"line-presenter-status:{delivery.sid('CallSid', 'CA')}:{delivery['CallStatus']}"


@webhook(bp, "/voice/line/presenter/status", key=presenter_status_key)
def end_presenter_call(context: WebhookContext) -> StoredResponse:
    """The presenter's phone has hung up, or did not answer, so it is called again for the next caller."""
    scene = _scene_of(context.delivery)
    if scene and context.delivery["CallStatus"] in call_state.FINAL_STATUSES:
        mark = context.delivery.query.get("mark", "")
        waiting_line.forget_presenter_call(context.redis, scene.id, mark, context.delivery["CallSid"])
    return StoredResponse(status=204)


def end_call(context: WebhookContext) -> None:
    """Remove a call that has ended from every line."""
    lines = [scene.id for scene in talk_file.current_talk().scenes if isinstance(scene, Line)]
    if lines:
        waiting_line.leave(context.pipe, lines, context.delivery["CallSid"])
        show_state.announce(context.pipe)


def _is_on_other_network(number: str) -> bool:
    """Whether the call runs through the exchange while the presenter's call runs through Twilio."""
    has_both = settings().exchange_url not in ("", settings().twilio_api_url)
    return has_both and is_browser_phone(number)


def _leave(context: WebhookContext) -> None:
    scene = _scene_of(context.delivery)
    if scene:
        waiting_line.leave(context.pipe, [scene.id], context.delivery["CallSid"])
        show_state.announce(context.pipe)


def _scene_of(delivery: Delivery) -> Line | None:
    scene = talk_file.current_talk().find(delivery.query.get("scene", ""))
    return scene if isinstance(scene, Line) else None
