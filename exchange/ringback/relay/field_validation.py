"""Validates the values of ConversationRelay's attributes and message fields, by type.

Attributes are text and message fields are JSON; for each setting, both are accepted.
Source: https://www.twilio.com/docs/voice/twiml/connect/conversationrelay and twilio-python 9.13.0 (2026-11-26)"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}|multi")
MODES = {"none": (), "dtmf": ("dtmf",), "speech": ("speech",), "any": ("dtmf", "speech")}
MODES |= {"true": MODES["any"], "false": MODES["none"]}
EVENTS = ("debugging", "speaker-events", "tokens-played")
LANGUAGE_FIELDS = (
    "ttsProvider voice transcriptionProvider speechModel hints asrSmartFormat ttsTextNormalization "
    "ttsLanguageTextNormalization"
)
MAX_LANGUAGES = 100
MAX_TEXT_CHARACTERS = 16_384  # Twilio documents no limit


class InvalidValue(Exception):
    """A value that a field cannot have. The exception's text says what it must be: "must be …"."""


def text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValue("must be text")
    if len(value) > MAX_TEXT_CHARACTERS:
        raise InvalidValue(f"must be at most {MAX_TEXT_CHARACTERS} characters long")
    return value


def boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise InvalidValue("must be true or false")


def modes(value: object) -> frozenset[str]:
    """Returns the kinds of input: "dtmf", "speech". True means any, and False none."""
    word = str(value).lower() if isinstance(value, bool) else value
    if not isinstance(word, str) or word.strip().lower() not in MODES:
        raise InvalidValue("must be none, dtmf, speech or any")
    return frozenset(MODES[word.strip().lower()])


def choice(*options: str) -> Callable[[object], str]:
    """Returns a parser for one of these words, ignoring case."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or value.lower() not in (option.lower() for option in options):
            raise InvalidValue(f"must be {', '.join(options[:-1])} or {options[-1]}")
        return value.lower()

    return parse


def number(minimum: float, maximum: float, or_word: str = "") -> Callable[[object], float | str]:
    """Returns a parser for a number within these limits, or for `or_word`."""

    def parse(value: object) -> float | str:
        if or_word and value == or_word:
            return or_word
        try:
            parsed = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else -1.0
        except (ValueError, OverflowError):
            parsed = minimum - 1
        if not minimum <= parsed <= maximum:
            raise InvalidValue(f"must be {minimum:g} to {maximum:g}" + (f" or {or_word}" if or_word else ""))
        return parsed

    return parse


def whole_number(minimum: int, maximum: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            raise InvalidValue(f"must be a whole number from {minimum} to {maximum}")
        return value

    return parse


def events(value: object) -> frozenset[str]:
    words = value.split() if isinstance(value, str) else [""]
    if unknown := [word for word in words if word not in EVENTS]:
        raise InvalidValue(f"must be {', '.join(EVENTS)}, separated by spaces ({unknown[0][:40]!r} is unknown)")
    return frozenset(words)


def language_tag(value: object) -> str:
    if not isinstance(value, str) or not LANGUAGE_TAG.fullmatch(value):
        raise InvalidValue("must be a language tag such as en-US")
    return value


def hint_list(value: object) -> str:
    """Returns comma-separated words, which may be given as a list."""
    if isinstance(value, list) and all(isinstance(hint, str) for hint in value):
        return text(", ".join(value))
    return text(value)


def web_url(value: object) -> str:
    try:
        if isinstance(value, str) and urlsplit(value).scheme in ("http", "https") and urlsplit(value).hostname:
            return value
    except ValueError:
        pass
    raise InvalidValue("must be an http or https URL")


def language_list(value: object) -> dict[str, dict[str, str]]:
    """Returns the settings of each language by its code, from a list of objects."""
    if not isinstance(value, list) or len(value) > MAX_LANGUAGES:
        raise InvalidValue(f"must be a list of at most {MAX_LANGUAGES} languages")
    languages = {}
    for entry in value:
        if not isinstance(entry, dict):
            raise InvalidValue('must be a list of objects such as {"code": "es-ES"}')
        settings = {name: text(setting) for name, setting in entry.items() if name != "code"}
        if unknown := [name for name in settings if name not in LANGUAGE_FIELDS.split()]:
            raise InvalidValue(f"must have code and any of {LANGUAGE_FIELDS}, but has {unknown[0][:40]}")
        languages[language_tag(entry.get("code"))] = settings
    return languages
