"""What the audience contributes to the current scene, by text, key or speech.

A contribution is written in the webhook's own transaction, so each counts exactly once.
"""

import time
from dataclasses import dataclass

import context
from answer_outcomes import DECLINED, AnswerText
from masking import alias
from receiving.delivery import Delivery
from receiving.receiver import WebhookContext
from sending.number_types import is_browser_phone, phone_number_of
from show import current, names, phone_numbers, state
from show.scene import BROWSER_PHONE, Contribution, Scene
from show.state import ShowState
from store import Commands

PAUSED = AnswerText("We are taking a short break. Please try again in a few minutes.", DECLINED)
READS = 2  # the number of commands of `reads`


@dataclass(frozen=True)
class Participant:
    """A person whose webhook is being handled. `person` is the alias under which contributions are stored."""

    person: str
    name: str
    show: ShowState


def reads(delivery: Delivery) -> Commands:
    """Return the commands that read the show's state and the person's name. Pass their replies to `identify`."""
    return (state.READ_COMMAND, names.assign_command(person_of(delivery)))


def identify(webhook: WebhookContext) -> Participant:
    """Return who has sent this webhook."""
    reply, name = webhook.replies[:READS]
    return Participant(person_of(webhook.delivery), name.decode(), state.parse(reply))


def person_of(delivery: Delivery) -> str:
    """Return the person's alias. Callers without a number cannot be told apart, so each of their calls is a person."""
    subject = phone_number_of(delivery["From"]) or delivery["CallSid"] or delivery["MessageSid"]
    settings = context.settings()
    is_browser_phone_beside_real_ones = bool(settings.exchange_auth_token) and is_browser_phone(subject)
    prefix = BROWSER_PHONE if is_browser_phone_beside_real_ones else ""
    return prefix + alias(subject, settings.secret_key[0])


def contribute(
    webhook: WebhookContext, participant: Participant, scene: Scene, words: str, channel: str, id: str
) -> str:
    """Contribute these words to the scene. Return the reply."""
    if not participant.show.is_open(scene):
        return AnswerText(scene.closed_reply, DECLINED)
    delivery = webhook.delivery
    if scene.needs_numbers and (number := phone_number_of(delivery["From"])):
        days = current.talk().keep_numbers_days
        phone_numbers.remember(webhook.pipe, context.settings().secret_key, participant.person, number, days)
    pictures = tuple(url for at in range(10) if (url := delivery[f"MediaUrl{at}"])) if channel == "text" else ()
    contribution = Contribution(id, participant.person, participant.name, words, channel, pictures)
    return scene.receive(webhook.redis, webhook.pipe, contribution)


def find_scene(participant: Participant, words: str, is_command: bool) -> Scene | None:
    """Return the scene that these words are meant for, or None if they are for no scene.

    What only one scene can mean comes first, in the current scene or in the one that has just ended. Then commands;
    then scenes that take free text.
    """
    talk = current.talk()
    scenes = [participant.show.scene(talk), participant.show.previous(talk, time.time())]
    recognized = [scene for scene in scenes if scene and scene.recognizes(words)]
    free = [scene for scene in scenes if scene and _takes_free_text(participant.show, scene, is_command)]
    return next(iter([*recognized, *free]), None)


def _takes_free_text(show: ShowState, scene: Scene, is_command: bool) -> bool:
    is_current = show.scene(current.talk()) == scene
    is_in_time = is_current or show.is_open(scene)  # a scene that is over must not swallow texts to the next one
    takes_commands = scene.takes_commands and is_current and show.is_open(scene)
    return scene.takes_free_text and is_in_time and (takes_commands or not is_command)
