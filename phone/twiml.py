"""The TwiML documents that callers get: menus, prompts, the hold message, the line.

Most contain their number, so that a late fetch of an old document is recognized.
"""

import re
from functools import lru_cache
from urllib.parse import urlencode

from twilio.twiml.voice_response import Dial, VoiceResponse

from phone.commands import Command, load_commands
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES
from show.base_scene import Scene

GATHER_TIMEOUT_SECONDS = 6  # for the caller to press a key or speak
MAX_CHOICE_KEYS = 9
CACHED_MENUS = 256  # every call begins with the same one
RECORD_KEY, GOODBYE_KEY, REPEAT_KEY = "9", "#", "*"
MAX_RECORDING_SECONDS = 60
SERVICE_NAME = "Call and Response"
DIGIT_TIMEOUT_SECONDS = 3  # after the first digit of a number
EVERYTHING_ELSE = "Or press star for everything else."
# Spoken in turn while the caller waits, so that the line is never silent and no sentence is spoken twice in a row.
WAITING_PHRASES = (
    "I am working on it.",
    "Still working on it.",
    "This will take a moment longer.",
    "Thank you for waiting.",
)
TOPIC_QUESTION = "What would you like to talk about? Say it in one sentence. Then you are in line."
LINE_THANKS = "Thank you for talking with us. Goodbye."
# https://www.w3.org/TR/xml/#charsets
FORBIDDEN_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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


# A scene with choices


def scene_menu(opening: str, scene: Scene, document: int, silent_menus: int = 0) -> str:
    """Speaks the opening and the scene's choices, and gathers a key, a number or speech.

    The action contains the scene, so that a key never counts in another one.
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


# While slow work runs


def hold(answer_id: str, document: int, turn: int, words: str = "") -> str:
    """Speaks the progress or a waiting phrase, plays a sound, and checks for the answer again after about 5 s."""
    response = VoiceResponse()
    response.say(to_xml_text(words or WAITING_PHRASES[turn % len(WAITING_PHRASES)]))
    response.play("/static/waiting.wav")
    response.redirect(step_url("/voice/wait", document, answer=answer_id, turn=str(turn + 1)))
    return str(response)


def sound_only(answer_id: str, document: int, turn: int) -> str:
    """Only plays the sound: a live update of the call is about to speak the answer."""
    response = VoiceResponse()
    response.play("/static/waiting.wav")
    response.redirect(step_url("/voice/wait", document, answer=answer_id, turn=str(turn)))
    return str(response)


# The scene `line`


def ask_for_topic(scene_id: str, document: int) -> str:
    """Asks what the caller wants to talk about. Callers who say nothing join the line as well."""
    response = VoiceResponse()
    action = step_url("/voice/line/join", document, scene=scene_id)
    gather = response.gather(input="speech", timeout=GATHER_TIMEOUT_SECONDS, speech_timeout="auto", action=action)
    gather.say(TOPIC_QUESTION)
    response.redirect(action)
    return str(response)


def wait_in_line(scene_id: str, opening: str, document: int) -> str:
    """Puts the call into the queue, where it fetches the waiting document until the presenter brings it on."""
    response = VoiceResponse()
    response.say(to_xml_text(f"{opening} Please stay on the line."))
    response.enqueue(
        f"line-{scene_id}",
        wait_url=f"/voice/line/wait?scene={scene_id}",
        action=step_url("/voice/line/left", document, scene=scene_id),
    )
    return str(response)


def announce_position(position: int) -> str:
    """Speaks the position in the queue, from 1, and plays a sound; Twilio then fetches the document again."""
    response = VoiceResponse()
    if position:
        response.say("You are next." if position == 1 else f"You are number {position} in line.")
    response.play("/static/waiting.wav")
    response.play("/static/waiting.wav")
    return str(response)


def connect_caller(scene_id: str, *, is_transcribed: bool) -> str:
    """Connects the caller with the presenter, as soon as the presenter's phone is in the conference.

    With `is_transcribed`, each sentence of the caller is sent to us: https://www.twilio.com/docs/voice/twiml/transcription
    """
    response = VoiceResponse()
    if is_transcribed:
        url = f"/voice/line/caption?scene={scene_id}"
        response.start().transcription(status_callback_url=url, track="inbound_track", partial_results=False)
    response.say("You are on stage now. Say hello.")
    dial = Dial(action=f"/voice/line/thanks?scene={scene_id}")
    dial.conference(f"line-{scene_id}", start_conference_on_enter=False, end_conference_on_exit=False, beep=False)
    response.append(dial)
    return str(response)


def connect_presenter(scene_id: str) -> str:
    """Connects the presenter's phone. When it hangs up, the conference ends."""
    response = VoiceResponse()
    response.say("You are on stage.")
    dial = Dial()
    dial.conference(f"line-{scene_id}", start_conference_on_enter=True, end_conference_on_exit=True, beep=False)
    response.append(dial)
    return str(response)


# Text


def to_xml_text(words: str) -> str:
    """The words, with every character that XML forbids replaced by a space.

    Blank text becomes one space, because Twilio warns about an empty Say.
    """
    return FORBIDDEN_CHARACTERS.sub(" ", words) if words.strip() else " "
