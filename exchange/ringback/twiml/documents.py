"""Turns the response to a webhook into a TwiML document, or raises a DocumentError.

https://www.twilio.com/docs/voice/twiml (2026-11)"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ringback.service.debugger import Debugger
from ringback.twiml.content_types import AUDIO_CONTENT_TYPES, XML_CONTENT_TYPES
from ringback.twiml.parser import Element, TwimlParseError, encoding, parse
from ringback.twiml.steps import Fetch
from ringback.webhooks.request import WebhookResponse

ToElement = Callable[[str], Element]


@dataclass
class Document:
    """A document, with the request that fetched it and the response. `url` is "" for inline TwiML."""

    url: str
    method: str
    root: Element
    request: dict[str, Any] | None = None
    response: dict[str, Any] | None = None


class DocumentError(Exception):
    """A document could not be fetched or parsed. `code` is Twilio's error code, `place` the line and column."""

    def __init__(
        self,
        code: int,
        url: str,
        response: WebhookResponse | None = None,
        detail: str = "",
        place: tuple[int | None, int | None] = (None, None),
    ) -> None:
        super().__init__(detail)
        self.code, self.url, self.response, self.detail = code, url, response, detail
        self.place = place

    def report(self, debugger: Debugger, sid: str, handset: str) -> None:
        response = self.response
        debugger.report(
            self.code,
            sid=sid,
            handset=handset,
            request=response.request if response else None,
            response=response.as_json() if response and response.status else None,
            line=self.place[0],
            column=self.place[1],
            detail=self.detail,
            url=self.url,
            status=response.status if response else "",
        )


def read_voice(source: WebhookResponse | str, step: Fetch | None = None, is_main: bool = True) -> Document:
    """Reads the document for a call, from a response or from inline TwiML. Raises DocumentError.

    A plain text response is spoken and an audio response is played; then the call ends, unless the document is one for
    waiting, holding, announcing or whispering (not `is_main`), which can be an audio file:
    https://www.twilio.com/docs/voice/api/conference-participant-resource (2026-11), HoldUrl and AnnounceUrl."""
    if isinstance(source, str):
        return Document("", "POST", _parse(source, None, "", None))
    method = step.method if step else "POST"
    end = [Element("Hangup")] if is_main else []
    return _read(
        source,
        method,
        plain_text=lambda text: Element("Response", children=[Element("Say", children=[text]), *end]),
        audio=lambda url: Element("Response", children=[Element("Play", children=[url]), *end]),
    )


def read_messaging(response: WebhookResponse, method: str) -> Document:
    """Reads the document for a text message. A plain text response is the reply. Raises DocumentError."""
    return _read(response, method, plain_text=_message, audio=None)


def _read(response: WebhookResponse, method: str, plain_text: ToElement, audio: ToElement | None) -> Document:
    url = response.url
    check_status(response)
    content_type = response.content_type
    if not response.body.strip() and (
        content_type in XML_CONTENT_TYPES or not content_type or content_type == "text/plain"
    ):
        root = Element("Response")
    elif content_type in XML_CONTENT_TYPES:
        root = _parse(response.body, response.charset, url, response)
    elif content_type == "text/plain":
        root = _parse_or_wrap(response, plain_text)
    elif content_type in AUDIO_CONTENT_TYPES and audio:
        root = audio(url)
    else:
        raise DocumentError(12300, url, response, content_type or "(none)")
    return Document(url, method, root, response.request, response.as_json())


def check_status(response: WebhookResponse) -> None:
    """Raises DocumentError if the request failed, the status is 400 or higher, or a chunked body is empty."""
    if response.error:
        raise DocumentError(response.error, response.url, response, response.detail)
    if response.status >= 400:
        raise DocumentError(11217, response.url, response)
    chunked = response.headers.get("transfer-encoding", "").lower() == "chunked"
    if chunked and not response.body:
        raise DocumentError(11770, response.url, response)


def _parse(body: bytes | str, charset: str | None, url: str, response: WebhookResponse | None) -> Element:
    try:
        return parse(body, charset)
    except TwimlParseError as error:
        place = (error.line, error.column)
        raise DocumentError(error.code, url, response, error.detail, place) from None


def _parse_or_wrap(response: WebhookResponse, plain_text: ToElement) -> Element:
    """Returns the parsed body of a text/plain response if it is TwiML, otherwise its text in a TwiML element."""
    try:
        return parse(response.body, response.charset)
    except TwimlParseError:
        return plain_text(response.body.decode(encoding(response.charset), "replace"))


def _message(text: str) -> Element:
    return Element("Response", children=[Element("Message", children=[text])])
