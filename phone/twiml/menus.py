"""Menus and prompts: what callers can press or say, as TwiML and as spoken text."""

import re
from functools import lru_cache

from twilio.twiml.voice_response import VoiceResponse

from phone.commands import Command, load_commands
from phone.twiml.basic_documents import step_url, to_xml_text
from show.base_scene import Scene

GATHER_TIMEOUT_SECONDS = 6  # for the caller to press a key or speak
MAX_CHOICE_KEYS = 9
MAX_SILENT_MENUS = 3  # then we hang up
SILENCE_GOODBYE = "I cannot hear you, so I am hanging up. Goodbye."
CACHED_MENUS = 256  # every call begins with the same one
RECORD_KEY, GOODBYE_KEY, REPEAT_KEY = "9", "#", "*"
DIGIT_TIMEOUT_SECONDS = 3  # after the first digit of a number
EVERYTHING_ELSE = "Or press star for everything else."


@lru_cache(CACHED_MENUS)
def menu(opening: str, document: int, silent_menus: int = 0, is_full_menu: bool = True) -> str:
    """Speaks the opening and the menu, and gathers a key or speech.

    `silent_menus` counts consecutive menus without input. Unless `is_full_menu`, only a short prompt is spoken.
    """
    response = VoiceResponse()
    gather = response.gather(
        input="dtmf speech",
        num_digits=1,
        finish_on_key="",
        timeout=GATHER_TIMEOUT_SECONDS,
        speech_timeout="auto",
        hints=", ".join([*load_commands(), "message", "goodbye"]),
        action=step_url("/voice/menu", document),
    )
    gather.say(to_xml_text(opening))
    gather.say(spoken_menu() if is_full_menu else "Anything else? Press star for the menu, or hash to hang up.")
    response.redirect(step_url("/voice/menu", document, silent=str(silent_menus + 1)))
    return str(response)


def spoken_menu() -> str:
    """The menu as spoken, generated from the commands."""
    rows = [f"{_how_to_choose(row)} {row.name}, for {row.help_text}." for row in load_commands().values()]
    return " ".join([*rows, f"Press {RECORD_KEY} to leave a message. Press hash to hang up."])


def _how_to_choose(command: Command) -> str:
    return f"Press {command.key}, or say" if command.key else "Say"


def prompt(words: str, command: str, document: int, choices: tuple[str, ...] = ()) -> str:
    """Asks for a command's argument. The first MAX_CHOICE_KEYS choices can be selected by keypress."""
    response = VoiceResponse()
    keys = {"input": "dtmf speech", "num_digits": 1, "finish_on_key": ""} if choices else {"input": "speech"}
    gather = response.gather(
        **keys,
        timeout=GATHER_TIMEOUT_SECONDS,
        speech_timeout="auto",
        action=step_url("/voice/words", document, command=command),
    )
    gather.say(to_xml_text(words))
    if choices:
        gather.say(spoken_choices([re.sub(r"[._]", " ", word) for word in choices]))
    response.redirect(step_url("/voice/words", document, command=command))
    return str(response)


def spoken_choices(words: list[str]) -> str:
    """The choices as spoken: the first MAX_CHOICE_KEYS with their keys, the others by name."""
    keyed = [f"Press {key} for {word}." for key, word in enumerate(words[:MAX_CHOICE_KEYS], 1)]
    return " ".join(keyed + [f"Or say {word}." for word in words[MAX_CHOICE_KEYS:]])


def scene_menu(opening: str, scene: Scene, document: int, silent_menus: int = 0) -> str:
    """Speaks the opening and the scene's choices, and gathers a key, a number or speech.

    The action contains the scene, so that a key never counts in another scene.
    """
    response = VoiceResponse()
    has_numbers = scene.max_digits > 1
    gather = response.gather(
        input="dtmf speech",
        num_digits=scene.max_digits,
        finish_on_key="#" if has_numbers else "",
        timeout=DIGIT_TIMEOUT_SECONDS if has_numbers else GATHER_TIMEOUT_SECONDS,
        speech_timeout="auto",
        action=step_url("/voice/scene", document, scene=scene.id),
    )
    gather.say(to_xml_text(f"{opening} {scene.spoken_choices()} {EVERYTHING_ELSE}"))
    silent = str(silent_menus + 1)
    response.redirect(step_url("/voice/scene", document, scene=scene.id, silent=silent))
    return str(response)
