"""Reads the app's messages to a two-way stream, and names each mistake.

Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages (2026-11-26).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

FILE_HEADERS = {b"RIFF": "WAV", b"OggS": "Ogg", b"ID3": "MP3", b"fLaC": "FLAC", b"\x1aE\xdf\xa3": "WebM"}
TYPE_NAMES = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number"}
EVENTS = ("media", "mark", "clear")


class InvalidStreamMessage(ValueError):
    """A message that Twilio would reject. `kind` is the same for all messages with this mistake."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(detail or kind)
        self.kind = kind


@dataclass(frozen=True)
class AppMedia:
    audio: bytes  # µ-law


@dataclass(frozen=True)
class AppMark:
    name: str


@dataclass(frozen=True)
class AppClear:
    pass


def read_message(text: str, stream_sid: str) -> AppMedia | AppMark | AppClear:
    """Reads one text frame. Raises InvalidStreamMessage."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidStreamMessage("the message is not JSON", f"the message is not JSON: {text[:80]}") from None
    if not isinstance(message, dict):
        raise InvalidStreamMessage("the message is not a JSON object")
    event = _text(message, "event", "")
    if event not in EVENTS:
        detail = f"the event {event[:40]!r} is unknown: an app can send {', '.join(EVENTS)}"
        raise InvalidStreamMessage("unknown event", detail)
    sid = _text(message, "streamSid", "")
    if sid != stream_sid:
        raise InvalidStreamMessage("streamSid", f"streamSid is {sid[:40]!r}, but this stream is {stream_sid}")
    if event == "media":
        return AppMedia(_audio(_text(_object(message, "media"), "payload", "media.", may_be_empty=True)))
    if event == "mark":
        return AppMark(_text(_object(message, "mark"), "name", "mark."))
    return AppClear()


def _object(message: dict[str, Any], name: str) -> dict[str, Any]:
    value = message.get(name)
    if not isinstance(value, dict):
        raise InvalidStreamMessage(f"{name} is {_type_name(value)}, not an object")
    return value


def _text(values: dict[str, Any], name: str, prefix: str, may_be_empty: bool = False) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not (value or may_be_empty):
        raise InvalidStreamMessage(f"{prefix}{name} is {'empty' if value == '' else _type_name(value)}, not text")
    return value


def _type_name(value: object) -> str:
    return "missing" if value is None else TYPE_NAMES.get(type(value), "text")


def _audio(payload: str) -> bytes:
    try:
        audio = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidStreamMessage("media.payload is not base64") from None
    if audio.startswith(tuple(FILE_HEADERS)):
        name = next(name for header, name in FILE_HEADERS.items() if audio.startswith(header))
        raise InvalidStreamMessage(f"media.payload is a {name} file: send raw µ-law bytes without a file header")
    return audio
