"""A phone in a test: sends and reads texts, places and receives calls."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ringback.testing.failure_report import describe_handset
from ringback.testing.json_api import Connection, handset_path
from ringback.testing.phone_call import PhoneCall
from ringback.testing.received_media import ReceivedMedia, ReceivedText
from ringback.testing.transcript import Words, contains

Attachment = str | Path  # an http, https or data URL, or a file


class Phone:
    """The phone with this number. A wait that fails raises AssertionError, which says what happened instead."""

    def __init__(self, api: Connection, number: str) -> None:
        self.api, self.number = api, number
        self.path = handset_path(number)
        self.read: set[str] = set()  # the SIDs of the texts that a test has read
        self.calls_seen: set[str] = set()

    def texts(self, body: str = "", *, to: str = "", media: Attachment | Sequence[Attachment] = ()) -> None:
        """Send a text to the app, or to another number. `media`: URLs or files."""
        attachments = [media] if isinstance(media, str | Path) else list(media)
        fields = {"body": body, "to": to or None, "media_url": [_media_url(each) for each in attachments]}
        self.api.post(f"{self.path}/texts", fields)

    @property
    def unread(self) -> list[ReceivedText]:
        """The texts received so far that `reads` has not returned, oldest first."""
        found = self.api.get(f"{self.path}/texts")["texts"]
        return [
            self._received(text) for text in found if text["direction"] == "received" and text["sid"] not in self.read
        ]

    def reads(self, words: Words = "") -> ReceivedText:
        """Wait for an unread text that contains these words, ignoring case, or matches the pattern. Returns it."""
        __tracebackhide__ = True

        def match() -> ReceivedText | None:
            return next((text for text in self.unread if contains(text.body, words)), None)

        found = self.api.wait(match, lambda: self._failure(f"did not get a text with {words!r}"))
        self.read.add(found.sid)
        return found

    def reads_nothing(self) -> None:
        """Wait until the app has answered all requests, and check that there is no unread text."""
        __tracebackhide__ = True
        self.api.settle()
        if self.unread:
            raise AssertionError(self._failure("got a text that was not expected"))

    def calls(self, *, to: str = "", parameters: dict[str, str] | None = None) -> PhoneCall:
        """Call the app, or another number. `parameters`: custom parameters (`client:`) or SIP headers (`sip:`)."""
        fields: dict[str, Any] = {"to": to or None} | ({"parameters": parameters} if parameters else {})
        return self._call(self.api.post(f"{self.path}/calls", fields))

    def rings(self) -> PhoneCall:
        """Wait until this phone is called, and return the call, which is not answered yet."""
        __tracebackhide__ = True

        def incoming() -> dict[str, Any] | None:
            calls = self.api.get(f"{self.path}/calls")["calls"]
            new = (call for call in calls if call["direction"] == "incoming" and call["sid"] not in self.calls_seen)
            return next(new, None)

        return self._call(self.api.wait(incoming, lambda: self._failure("was not called")))

    def answers(self) -> PhoneCall:
        """Wait until this phone is called, and answer."""
        __tracebackhide__ = True
        call = self.rings()
        call.answers()
        return call

    def _call(self, found: dict[str, Any]) -> PhoneCall:
        self.calls_seen.add(found["sid"])
        return PhoneCall(self.api, self.number, found["sid"])

    def _received(self, text: dict[str, Any]) -> ReceivedText:
        media = tuple(self._media(each) for each in text["media"])
        return ReceivedText(text["sid"], text["from"], text["body"], media)

    def _media(self, found: dict[str, Any]) -> ReceivedMedia:
        return ReceivedMedia(found["source"], found["content_type"], lambda: self.api.download(found["url"]))

    def _failure(self, what: str) -> str:
        handset = self.api.get(self.path)
        return f"{self.number} {what}.\n{describe_handset(handset)}"


def _media_url(given: Attachment) -> str:
    if isinstance(given, str):
        return given
    content_type = mimetypes.guess_type(given.name)[0] or "application/octet-stream"
    return f"data:{content_type};base64,{base64.b64encode(given.read_bytes()).decode()}"
