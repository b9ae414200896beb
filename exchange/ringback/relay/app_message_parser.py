"""The messages that an app sends to ConversationRelay, parsed and validated.

Source: https://www.twilio.com/docs/voice/conversationrelay/websocket-messages (2026-08-19)"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ringback.relay.field_validation import (
    InvalidValue,
    boolean,
    hint_list,
    language_list,
    language_tag,
    modes,
    text,
    web_url,
    whole_number,
)
from ringback.relay.settings import session_settings

DIGITS = re.compile(r"[0-9w#*]{1,200}")
MAX_LOOPS = 1000


class InvalidMessage(Exception):
    """A message that ConversationRelay does not process. The exception's text names the field and the mistake."""


@dataclass(frozen=True)
class TextToken:
    """A part of what the agent says. None means that the session's setting applies."""

    token: str
    last: bool = False
    lang: str = ""
    interruptible: frozenset[str] | None = None
    preemptible: bool | None = None


@dataclass(frozen=True)
class PlayMedia:
    source: str
    loop: int = 1  # 0 means MAX_LOOPS
    interruptible: frozenset[str] | None = None
    preemptible: bool | None = None


@dataclass(frozen=True)
class SendDigits:
    digits: str


@dataclass(frozen=True)
class SwitchLanguage:
    """The languages to use from now on; "" leaves a language unchanged."""

    tts: str = ""
    transcription: str = ""


@dataclass(frozen=True)
class EndSession:
    handoff_data: str | None = None


@dataclass(frozen=True)
class UpdateConfig:
    """Changed settings by name, and the settings of each language by its code."""

    settings: dict[str, Any] = field(default_factory=dict)
    languages: dict[str, dict[str, str]] = field(default_factory=dict)
    language: SwitchLanguage = field(default_factory=SwitchLanguage)


AppMessage = TextToken | PlayMedia | SendDigits | SwitchLanguage | EndSession | UpdateConfig
Parser = Callable[[object], Any]


@dataclass(frozen=True)
class MessageType:
    """The fields of one type of message, with their parsers; those in `required` cannot be missing."""

    fields: dict[str, Parser]
    required: tuple[str, ...]
    build: Callable[[dict[str, Any]], AppMessage]


def parse_message(frame: str) -> tuple[AppMessage, list[str]]:
    """Returns the message and the names of its unknown fields, which are ignored. Raises InvalidMessage."""
    try:
        content = json.loads(frame)
        if "\\ud" in frame.lower():  # a lone surrogate would break everything that displays it
            content = json.loads(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise InvalidMessage("it is not JSON") from None
    if not isinstance(content, dict):
        raise InvalidMessage("it is not a JSON object")
    kind = content.pop("type", None)
    message_type = MESSAGE_TYPES.get(kind) if isinstance(kind, str) else None
    if message_type is None:
        raise InvalidMessage(f"type must be one of {', '.join(MESSAGE_TYPES)}, not {_shown(kind)}")
    unknown = [name for name in content if name not in message_type.fields]
    return message_type.build(_values(kind, message_type, content)), unknown


def _values(kind: str, message_type: MessageType, content: dict[str, Any]) -> dict[str, Any]:
    for name in message_type.required:
        if content.get(name) is None:
            raise InvalidMessage(f"{kind} requires {name}")
    values = {}
    for name, parse in message_type.fields.items():
        if content.get(name) is None:  # null counts as missing
            continue
        try:
            values[name] = parse(content[name])
        except InvalidValue as error:
            raise InvalidMessage(f"{kind}: {name} {error}, not {_shown(content[name])}") from None
    return values


def _shown(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)[:100]
    except (ValueError, RecursionError):
        return "such a value"


def _digits(value: object) -> str:
    if not isinstance(value, str) or not DIGITS.fullmatch(value):
        raise InvalidValue("must be 1 to 200 of 0-9, w, # and *")
    return value


def _language(values: dict[str, Any]) -> SwitchLanguage:
    if not values:
        raise InvalidMessage("language requires ttsLanguage or transcriptionLanguage")
    return _languages_of(values)


def _languages_of(values: dict[str, Any]) -> SwitchLanguage:
    return SwitchLanguage(values.get("ttsLanguage", ""), values.get("transcriptionLanguage", ""))


def _config(values: dict[str, Any]) -> UpdateConfig:
    if not values:
        raise InvalidMessage("config changes nothing")
    names = ("languages", "ttsLanguage", "transcriptionLanguage")
    settings = {name: value for name, value in values.items() if name not in names}
    return UpdateConfig(settings, values.get("languages", {}), _languages_of(values))


LANGUAGES: dict[str, Parser] = {"ttsLanguage": language_tag, "transcriptionLanguage": language_tag}
MESSAGE_TYPES: dict[str, MessageType] = {
    "text": MessageType(
        {"token": text, "last": boolean, "lang": language_tag, "interruptible": modes, "preemptible": boolean},
        ("token",),
        lambda values: TextToken(**values),
    ),
    "play": MessageType(
        {"source": web_url, "loop": whole_number(0, MAX_LOOPS), "interruptible": modes, "preemptible": boolean},
        ("source",),
        lambda values: PlayMedia(**values),
    ),
    "sendDigits": MessageType({"digits": _digits}, ("digits",), lambda values: SendDigits(**values)),
    "language": MessageType(LANGUAGES, (), _language),
    "end": MessageType({"handoffData": text}, (), lambda values: EndSession(values.get("handoffData"))),
    # Twilio documents what these two messages change, but not their fields (2026-11-26). See docs/choices.md.
    "config": MessageType(session_settings() | LANGUAGES | {"languages": language_list}, (), _config),
    "hints": MessageType({"hints": hint_list}, ("hints",), lambda values: UpdateConfig(settings=values)),
}
