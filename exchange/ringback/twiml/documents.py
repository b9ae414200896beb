"""From a webhook's answer to a document that can be run, or to the trouble with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ringback.service.debugger import Debugger
from ringback.twiml.parser import Element, TwimlParseError, encoding, parse
from ringback.twiml.steps import Fetch
from ringback.webhooks.request import WebhookResponse

XML_CONTENT_TYPES = {"text/xml", "application/xml", "text/html"}
AUDIO_CONTENT_TYPES = {
    "audio/mpeg",
    "audio/wav",
    "audio/wave",
    "audio/x-wav",
    "audio/aiff",
    "audio/x-aifc",
    "audio/x-aiff",
    "audio/x-gsm",
    "audio/gsm",
    "audio/ulaw",
    "audio/mp3",
    "audio/x-mpeg",
}


@dataclass
class Document:
    """A document and where it came from. `url` "" is inline TwiML."""

    url: str
    method: str
    root: Element
    request: dict[str, Any] | None = None
    answer: dict[str, Any] | None = None


class DocumentError(Exception):
    """A document could not be had or read."""

    def __init__(
        self,
        code: int,
        url: str,
        answer: WebhookResponse | None = None,
        why: str = "",
        place: tuple[int | None, int | None] = (None, None),
    ) -> None:
        super().__init__(why)
        self.code, self.url, self.answer, self.why = code, url, answer, why
        self.place = place

    def report(self, debugger: Debugger, sid: str, handset: str) -> None:
        answer = self.answer
        debugger.report(
            self.code,
            sid=sid,
            handset=handset,
            request=answer.request if answer else None,
            answer=answer.as_json() if answer and answer.status else None,
            line=self.place[0],
            column=self.place[1],
            why=self.why,
            url=self.url,
            status=answer.status if answer else "",
        )


def read_voice(given: WebhookResponse | str, step: Fetch | None = None) -> Document:
    """A voice document. Plain text is spoken and audio is played, then the call ends."""
    if isinstance(given, str):
        return Document("", "POST", _parsed(given, None, "", None))
    asked = step.method if step else "POST"
    return _document(given, asked, plain_text=_spoken, audio=_played)


def read_messaging(answer: WebhookResponse, method: str) -> Document:
    """A document for texts. Plain text is the reply; audio cannot be used."""
    return _document(answer, method, plain_text=_reply, audio=None)


def _document(answer: WebhookResponse, method: str, plain_text: Any, audio: Any) -> Document:
    url = answer.url
    check_status(answer)
    kind = answer.content_type
    if not answer.body.strip() and (kind in XML_CONTENT_TYPES or not kind or kind == "text/plain"):
        root = Element("Response")
    elif kind in XML_CONTENT_TYPES:
        root = _parsed(answer.body, answer.charset, url, answer)
    elif kind == "text/plain":
        root = _twiml_or(plain_text, answer)
    elif kind in AUDIO_CONTENT_TYPES and audio:
        root = audio(url)
    else:
        raise DocumentError(12300, url, answer, kind or "(none)")
    return Document(url, method, root, answer.request, answer.as_json())


def check_status(answer: WebhookResponse) -> None:
    if answer.error:
        raise DocumentError(answer.error, answer.url, answer, answer.why)
    if answer.status >= 400:
        raise DocumentError(11217, answer.url, answer)
    chunked = answer.headers.get("transfer-encoding", "").lower() == "chunked"
    if chunked and not answer.body:
        raise DocumentError(11770, answer.url, answer)


def _parsed(body: bytes | str, charset: str | None, url: str, answer: WebhookResponse | None) -> Element:
    try:
        return parse(body, charset)
    except TwimlParseError as reason:
        place = (reason.line, reason.column)
        raise DocumentError(reason.code, url, answer, reason.why, place) from None


def _twiml_or(plain_text: Any, answer: WebhookResponse) -> Element:
    """Text that happens to be a TwiML document is run as one."""
    try:
        return parse(answer.body, answer.charset)
    except TwimlParseError:
        return plain_text(answer.body.decode(encoding(answer.charset), "replace"))


def _spoken(text: str) -> Element:
    return Element("Response", children=[Element("Say", children=[text]), Element("Hangup")])


def _reply(text: str) -> Element:
    return Element("Response", children=[Element("Message", children=[text])])


def _played(url: str) -> Element:
    return Element("Response", children=[Element("Play", children=[url]), Element("Hangup")])
