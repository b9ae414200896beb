"""What the audience contributes to the current scene, by text, key or speech.

A contribution is written in the webhook's own transaction, so each counts exactly once.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import config
import context
from answer_outcomes import DECLINED, AnswerText
from masking import alias
from phone_numbers import is_browser_phone, phone_number_of
from receiving.delivery import Delivery
from receiving.receiver import WebhookContext
from sending.twilio.calls_and_media import picture_path, recording_path
from show import encrypted_phone_numbers, friendly_names, show_state, talk_file
from show.base_scene import BROWSER_PHONE_PREFIX, Contribution, Media, Scene
from show.contribution_limits import MAX_MEDIA
from show.show_state import ShowState
from store import Commands, Store
from workers import call_state

PAUSED = AnswerText("We are taking a short break. Please try again in a few minutes.", DECLINED)
MEDIA_URL_ENDING = re.compile(r"/Media/(ME[0-9a-f]{32})$")
READS = 2  # the number of commands that `reads` returns


@dataclass(frozen=True)
class Participant:
    """A person whose text or call is being handled. `person` is the alias under which contributions are stored."""

    person: str
    name: str
    show: ShowState


def reads(delivery: Delivery) -> Commands:
    """Return the commands that read the show's state and the person's name. Pass their replies to `identify`."""
    return (show_state.READ_COMMAND, friendly_names.assign_command(person_of(delivery)))


def identify(webhook: WebhookContext) -> Participant:
    """Return the person whose text or call caused this webhook."""
    reply, name = webhook.replies[:READS]
    return Participant(person_of(webhook.delivery), name.decode(), show_state.parse(reply))


def person_of(delivery: Delivery) -> str:
    """Return the person's alias. Callers without a number cannot be told apart, so each call counts as a person."""
    return _person(delivery["From"], delivery["CallSid"] or delivery["MessageSid"])


def person_of_call(store: Store, sid: str) -> str:
    """Return the alias of the person whose call this is, for webhooks that contain only the call's sid."""
    return _person(call_state.load(store, sid).phone_number, sid)


def _person(address: str, sid: str) -> str:
    return person_with(phone_number_of(address) or sid, context.settings())


def person_with(subject: str, settings: config.Settings) -> str:
    """Return the alias of the person with this phone number, or of the call with this sid."""
    return aliases_of(subject, settings)[0]


def aliases_of(subject: str, settings: config.Settings) -> list[str]:
    """Return the alias under each current SECRET_KEY, newest first."""
    is_browser_phone_beside_real_ones = bool(settings.exchange_auth_token) and is_browser_phone(subject)
    prefix = BROWSER_PHONE_PREFIX if is_browser_phone_beside_real_ones else ""
    return [prefix + alias(subject, secret) for secret in settings.secret_key]


def reply_to_text(webhook: WebhookContext, participant: Participant, words: str, is_command: bool) -> str:
    """Contribute a text to the scene that it is meant for. Return the reply; "" if no scene takes it."""
    if participant.show.is_paused:
        return PAUSED
    scene, sid = find_scene(participant, words, is_command), webhook.delivery["MessageSid"]
    return contribute(webhook, participant, scene, words, "text", sid) if scene else ""


def contribute(
    webhook: WebhookContext, participant: Participant, scene: Scene, words: str, channel: str, id: str
) -> str:
    """Contribute these words to the scene. Return the reply."""
    if not participant.show.is_open(scene):
        return AnswerText(scene.closed_reply, DECLINED)
    delivery = webhook.delivery
    if scene.needs_numbers and (number := phone_number_of(delivery["From"])):
        days = talk_file.current_talk().keep_numbers_days
        encrypted_phone_numbers.remember(webhook.pipe, context.settings().secret_key, participant.person, number, days)
    media = tuple(_media_of(delivery)) if channel == "text" else ()
    contribution = Contribution(id, participant.person, participant.name, words, channel, media)
    return scene.receive(webhook.redis, webhook.pipe, contribution)


def _media_of(delivery: Delivery) -> Iterator[Media]:
    """Yield the files of a text. The id in each URL is checked; the rest of the URL is ignored."""
    for at in range(MAX_MEDIA):
        if found := MEDIA_URL_ENDING.search(delivery[f"MediaUrl{at}"]):
            yield Media(picture_path(delivery["MessageSid"], found[1]), delivery[f"MediaContentType{at}"].lower())


def contribute_recording(webhook: WebhookContext, scene_id: str, number: str) -> None:
    """Contribute the message that a caller has recorded for this scene. `number` is the caller's."""
    delivery, scene = webhook.delivery, talk_file.current_talk().find(scene_id)
    if scene is None or not scene.takes_recordings:
        return
    person = _person(number, delivery["CallSid"])
    name = webhook.redis.execute_command(*friendly_names.assign_command(person)).decode()
    recording = Media(recording_path(delivery["RecordingSid"]), "audio/wav")
    contribution = Contribution(delivery["RecordingSid"], person, name, "", "recording", (recording,))
    scene.receive(webhook.redis, webhook.pipe, contribution)


def find_scene(participant: Participant, words: str, is_command: bool) -> Scene | None:
    """Return the scene that these words are meant for, or None if they are for no scene.

    Commands come first, except for a scene that takes them. Next comes a scene that recognizes the words: the current
    one, or else the one that has just ended. Then come scenes that take free text. A scene that has ended closed comes
    last: it can only say so.
    """
    talk = talk_file.current_talk()
    scenes = [participant.show.scene(talk), participant.show.previous_scene(talk, time.time())]
    recognized = [scene for scene in scenes if scene and scene.recognizes(words) and not is_command]
    free = [scene for scene in scenes if scene and _takes_free_text(participant.show, scene, is_command)]
    closed = [scene for scene in recognized if scene != scenes[0] and not participant.show.is_open(scene)]
    return next(iter([*(scene for scene in recognized if scene not in closed), *free, *closed]), None)


def _takes_free_text(show: ShowState, scene: Scene, is_command: bool) -> bool:
    is_current = show.scene(talk_file.current_talk()) == scene
    is_in_time = is_current or show.is_open(scene)  # a past scene must not take texts meant for the next one
    takes_commands = scene.takes_commands and is_current and show.is_open(scene)
    return scene.takes_free_text and is_in_time and (takes_commands or not is_command)
