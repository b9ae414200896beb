"""Takes the app's messages to a stream: queues its audio and marks, and reports each mistake once."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from ringback.calls.call import Call
from ringback.calls.call_log import SocketMessage
from ringback.sound import mulaw
from ringback.streams.app_message_parser import AppClear, AppMark, AppMedia, InvalidStreamMessage, read_message
from ringback.streams.audio_format import AudioFormatCheck
from ringback.streams.options import StreamOptions
from ringback.streams.playback import Mark, Playback
from ringback.websockets.app_socket import Frame

INVALID_MESSAGE = 31951
ONE_WAY = "this stream is one-way, so Twilio ignores what the app sends: use <Connect><Stream> to be heard"
BINARY = "the message is a binary frame: send JSON as a text frame"
FULL = "more than 20 minutes of audio are waiting to be played; the rest is dropped"
TOO_MANY_MARKS = "more than 10,000 marks are waiting to be returned; the rest is dropped"


class ReceivingStream(Protocol):
    sid: str
    call: Call
    options: StreamOptions
    playback: Playback
    marks: deque[Mark]


class AppInput:
    """Handles the messages to one stream. A mistake does not close the connection; Twilio's pages do not say what
    happens."""

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
        """Reports a mistake to the debugger, the first time that this stream makes it."""
        if kind not in self.reported:
            self.reported.add(kind)
            call = self.stream.call
            self._log(f"invalid: {detail or kind}", level="refused")
            call.runtime.debugger.report(
                INVALID_MESSAGE, sid=call.sid, handset=call.plan.handset, detail=detail or kind
            )

    def _log(self, words: str, level: str = "") -> None:
        """Adds a message of the app to the sequence of the call."""
        self.stream.call.log.add("message", SocketMessage(False, words, level=level))
