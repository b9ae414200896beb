"""Reads the app's messages to a stream, queues their audio and marks, and reports each kind of mistake once.

Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages (2026-11-26).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

from ringback.calls.call import Call
from ringback.calls.call_log import SocketMessage
from ringback.sound import mulaw
from ringback.streams.audio_format_check import AudioFormatCheck, file_format
from ringback.streams.options import StreamOptions
from ringback.streams.playback import Mark, Playback
from ringback.websockets.app_socket import Frame

TYPE_NAMES = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number"}
EVENTS = ("media", "mark", "clear")
INVALID_MESSAGE = 31951
ONE_WAY = "this stream is one-way, so Twilio ignores what the app sends: use <Connect><Stream> to be heard"
BINARY = "the message is a binary frame: send JSON as a text frame"
FULL = "more than 20 minutes of audio are waiting to be played; the rest is dropped"
TOO_MANY_MARKS = "more than 10,000 marks are waiting to be returned; the rest is dropped"


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
    if name := file_format(audio):
        raise InvalidStreamMessage(f"media.payload is a {name} file: send raw µ-law bytes without a file header")
    return audio


class ReceivingStream(Protocol):
    sid: str
    call: Call
    options: StreamOptions
    playback: Playback
    marks: deque[Mark]


class AppInput:
    """Handles the messages to one stream. A mistake does not close the connection; Twilio's pages do not say whether
    it should."""

    def __init__(self, stream: ReceivingStream) -> None:
        self.stream = stream
        self.format_check = AudioFormatCheck()
        self.received = 0  # messages
        self.reported: set[str] = set()  # kinds of mistakes

    def take(self, frame: Frame) -> None:
        self._take(frame)
        self.received += 1

    def _take(self, frame: Frame) -> None:
        if not self.stream.options.two_way:
            return self.report(ONE_WAY)
        if frame.text is None:
            return self.report(BINARY)
        try:
            message = read_message(frame.text, self.stream.sid)
        except InvalidStreamMessage as error:
            return self.report(error.kind, str(error))
        match message:
            case AppMedia(audio=audio):
                self._play(audio)
            case AppMark(name=name):
                self._log(f"mark {name[:80]}")
                self._mark(name)
            case AppClear():
                self._log("clear")
                self.stream.playback.clear()

    def _play(self, audio: bytes) -> None:
        if mistake := self.format_check.mistake(audio):
            self.report(mistake)
        if not self.stream.playback.add(audio):
            return self.report(FULL)
        listeners = [tap for tap in self.stream.call.taps if tap is not self.stream]
        sound = mulaw.decode(audio) if listeners else b""
        for tap in listeners:
            tap.on_app_audio(sound)

    def _mark(self, name: str) -> None:
        if mark := self.stream.playback.mark(name):
            self.stream.marks.append(mark)
        else:
            self.report(TOO_MANY_MARKS)

    def report(self, kind: str, detail: str = "") -> None:
        """Reports a mistake to the debugger the first time that it occurs in this stream."""
        if kind not in self.reported:
            self.reported.add(kind)
            call = self.stream.call
            self._log(f"invalid: {detail or kind}", level="refused")
            call.runtime.debugger.report(
                INVALID_MESSAGE, sid=call.sid, handset=call.plan.handset, detail=detail or kind
            )

    def _log(self, words: str, level: str = "") -> None:
        """Adds a message from the app to the call's sequence diagram."""
        self.stream.call.log.add("message", SocketMessage(False, words, level=level))
