"""The documents a caller hears: each carries its number, so that a late fetch of an old one is recognised."""

import re
from urllib.parse import urlencode

from twilio.twiml.voice_response import VoiceResponse

from phone.commands import load_commands
from phone.xml_text import to_xml_text

GATHER_TIMEOUT_SECONDS = 6  # seconds a caller has to press or say something
MAX_CHOICE_KEYS = 9  # that can stand for an answer
RECORD_KEY, GOODBYE_KEY, REPEAT_KEY = "9", "#", "*"
MAX_RECORDING_SECONDS = 60  # seconds
SERVICE_NAME = "Call and Response"
# What is said while a worker works, in turn, so that waiting is never silence and never a loop of one sentence.
WAITING_PHRASES = ("I am working on it.", "Still working on it.", "It takes a moment longer.", "Thank you for waiting.")


def step_url(path: str, document: int, **more: str) -> str:
    """Where the next step of a call goes: a path of ours that carries the number of the document it stands in."""
    return f"{path}?{urlencode({'doc': document, **more})}"


def menu(opening: str, document: int, quiet: int = 0, whole: bool = True) -> str:
    """Something said, then what one can ask for: by key or by speech. Silence comes back here, counted."""
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
    gather.say(spoken_menu() if whole else "What else? Press star for the menu, or hash to say goodbye.")
    response.redirect(step_url("/voice/menu", document, quiet=str(quiet + 1)))
    return str(response)


def spoken_menu() -> str:
    """The menu in one breath, from the command table."""
    rows = [f"Press {row.key}, or say {row.name}, for {row.about}." for row in load_commands().values()]
    return " ".join([*rows, f"Press {RECORD_KEY} to leave a message. Press hash to say goodbye."])


def prompt(words: str, command: str, document: int, choices: tuple[str, ...] = ()) -> str:
    """Asks for the words a command needs; of the choices, the first are offered with their keys."""
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
    """What may be answered, each once: the first by their keys."""
    keyed = [f"Press {key} for {word}." for key, word in enumerate(words[:MAX_CHOICE_KEYS], 1)]
    return " ".join(keyed + [f"Or say {word}." for word in words[MAX_CHOICE_KEYS:]])


def waiting(answer_id: str, document: int, turn: int, words: str = "") -> str:
    """Says something, plays something, and comes back to ask again after about five seconds."""
    response = VoiceResponse()
    response.say(to_xml_text(words or WAITING_PHRASES[turn % len(WAITING_PHRASES)]))
    response.play("/static/waiting.wav")
    response.redirect(step_url("/voice/wait", document, answer=answer_id, turn=str(turn + 1)))
    return str(response)


def hold(answer_id: str, document: int, turn: int) -> str:
    """The answer is on its way into this call by another road: keep the line without starting a sentence."""
    response = VoiceResponse()
    response.play("/static/waiting.wav")
    response.redirect(step_url("/voice/wait", document, answer=answer_id, turn=str(turn)))
    return str(response)


def record(document: int) -> str:
    """A message after the tone. Its sound comes by a callback of its own, when Twilio has it."""
    response = VoiceResponse()
    response.say("Leave your message after the tone, and press any key when you are done.")
    response.record(
        action=step_url("/voice/recorded", document),
        max_length=MAX_RECORDING_SECONDS,
        play_beep=True,
        recording_status_callback="/voice/recording",
        recording_status_callback_event="completed",
    )
    response.redirect(step_url("/voice/menu", document))
    return str(response)


def goodbye(words: str = "Thank you for calling. Goodbye.") -> str:
    """The last words."""
    response = VoiceResponse()
    response.say(to_xml_text(words))
    response.hangup()
    return str(response)
