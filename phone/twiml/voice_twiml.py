"""The TwiML documents of a call. Each contains its number, so that a late fetch of an old document is recognized."""

import re
from functools import lru_cache
from urllib.parse import urlencode

from twilio.twiml.voice_response import VoiceResponse

from phone.commands import Command, load_commands
from phone.twiml.xml_text import to_xml_text
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES

GATHER_TIMEOUT_SECONDS = 6  # for the caller to press a key or speak
MAX_CHOICE_KEYS = 9
CACHED_MENUS = 256  # every call begins with the same one
RECORD_KEY, GOODBYE_KEY, REPEAT_KEY = "9", "#", "*"
MAX_RECORDING_SECONDS = 60
SERVICE_NAME = "Call and Response"


def step_url(path: str, document: int, **query: str) -> str:
    """The URL of the next step of a call, with the number of the document that contains the URL."""
    return f"{path}?{urlencode({'doc': document, **query})}{CONNECTION_OVERRIDES}"


@lru_cache(CACHED_MENUS)
def menu(opening: str, document: int, silent_menus: int = 0, is_full_menu: bool = True) -> str:
    """Speaks the opening and the menu, and gathers a key or speech.

    `silent_menus` counts successive menus without input. Unless `is_full_menu`, only a short prompt is spoken.
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


def record(document: int, scene: str = "") -> str:
    """Records a message, for a scene. Twilio sends the recording in a separate callback once it is available."""
    query = f"?{urlencode({'scene': scene})}" if scene else ""
    response = VoiceResponse()
    response.say("Leave your message after the tone, and press any key when you are done.")
    response.record(
        action=step_url("/voice/recorded", document),
        max_length=MAX_RECORDING_SECONDS,
        play_beep=True,
        recording_status_callback=f"/voice/recording{query}{CONNECTION_OVERRIDES}",
        recording_status_callback_event="completed",
    )
    response.redirect(step_url("/voice/menu", document))
    return str(response)


def redirect(words: str, path: str) -> str:
    """Speaks the words and requests this path."""
    response = VoiceResponse()
    response.say(to_xml_text(words))
    response.redirect(f"{path}{CONNECTION_OVERRIDES}")
    return str(response)


def goodbye(words: str = "Thank you for calling. Goodbye.") -> str:
    """Speaks the words and hangs up."""
    response = VoiceResponse()
    response.say(to_xml_text(words))
    response.hangup()
    return str(response)
