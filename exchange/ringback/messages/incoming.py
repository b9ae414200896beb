"""A text from a handset: told to the app, whose document says what is answered."""

from __future__ import annotations

import asyncio

from ringback.account.geography import geography
from ringback.account.phone_numbers import PhoneNumber
from ringback.account.webhook_urls import WebhookUrls
from ringback.messages.attachments import fetch_all_media
from ringback.messages.delivery import send
from ringback.messages.message import Message
from ringback.messages.message_verb import send_from_document
from ringback.state import State
from ringback.twiml import grammar
from ringback.twiml.attributes import method
from ringback.twiml.documents import Document, DocumentError, read_messaging
from ringback.twiml.parser import Element
from ringback.twiml.steps import Fetch
from ringback.verbs.registry import MESSAGING
from ringback.webhooks.request import Webhook
from ringback.webhooks.urls import resolve

MAX_DOCUMENTS = 50
MAX_REPLIES = 10
MAX_CONSECUTIVE_REPLIES = 15
CONSECUTIVE_WITHIN_SECONDS = 30.0  # seconds between replies that count as one row


async def receive_message(state: State, message: Message, number: PhoneNumber) -> None:
    """Take in one text to a number of ours: opt-out words first, then the app."""
    await fetch_all_media(state, message)
    if words := state.opt_outs.automatic_reply(message.from_, message.to, message.body):
        send(state, _automatic_message(state, message, words))
    asked = state.webhook_urls(number, number.sms_application_sid)
    if asked.sms_url:
        await MessagingSession(state, message, asked).run(Fetch(asked.sms_url, asked.sms_method))


def _automatic_message(state: State, message: Message, words: str) -> Message:
    now = state.clock.now()
    return Message(message.account, message.to, message.from_, words, "outbound-reply", message.from_, now)


class MessagingSession:
    """The documents that follow from one text."""

    def __init__(self, state: State, message: Message, number: WebhookUrls) -> None:
        self.state, self.message, self.number = state, message, number
        self.document = Document("", "POST", Element("Response"))
        self.replies = 0

    async def run(self, step: Fetch | None) -> None:
        """Documents one after another until one does not lead on."""
        for _ in range(MAX_DOCUMENTS):
            if step is None:
                return
            try:
                self.document = await self._get(step)
            except DocumentError as trouble:
                fallback = await self._fallback(trouble)
                if fallback is None:
                    return
                self.document = fallback
            grammar.report_violations(
                self.state.debugger, self.document, MESSAGING, self.message.sid, self.message.handset
            )
            step = self._perform(self.document.root.elements())
        if step is not None:
            DocumentError(14106, step.url).report(self.state.debugger, self.message.sid, self.message.handset)

    def _perform(self, elements: list[Element]) -> Fetch | None:
        for element in elements:
            if element.name == "Redirect":
                return Fetch(self.absolute(element.text()), method(self, element, 13710))
            if element.name not in ("Message", "Sms"):
                self.warn(14110, element, f"<{element.name}>")
                continue
            sent = self._reply(element)
            if sent and element.get("action"):
                extra = {"MessageStatus": sent.status, "SmsStatus": sent.status, "MessageSid": sent.sid}
                return Fetch(self.absolute(element.get("action")), method(self, element, 14104), extra)
        return None

    def _reply(self, element: Element) -> Message | None:
        self.replies += 1
        if self.replies > MAX_REPLIES:
            self.warn(14109, element)
            return None
        if not self._within_reply_limit():
            self.warn(14107, element)
            return None
        message = self.message
        return send_from_document(self.state, self, element, message.to, message.from_, "outbound-reply")

    def _within_reply_limit(self) -> bool:
        """Twilio stops two robots after 15 replies in a row, each within 30 seconds of the one before."""
        pair, now = (self.message.from_, self.message.to), self.state.clock.time()
        last, count = self.state.reply_chains.get(pair, (0.0, 0))
        count = count + 1 if now - last <= CONSECUTIVE_WITHIN_SECONDS else 1
        if count <= MAX_CONSECUTIVE_REPLIES:
            self.state.reply_chains[pair] = (now, count)
        return count <= MAX_CONSECUTIVE_REPLIES

    async def _fallback(self, trouble: DocumentError) -> Document | None:
        trouble.report(self.state.debugger, self.message.sid, self.message.handset)
        if not self.number.sms_fallback_url:
            return None
        extra = {"ErrorCode": str(trouble.code), "ErrorUrl": trouble.url}
        try:
            return await self._get(Fetch(self.number.sms_fallback_url, self.number.sms_fallback_method, extra))
        except DocumentError as second:
            second.report(self.state.debugger, self.message.sid, self.message.handset)
            return None

    async def _get(self, step: Fetch) -> Document:
        parameters = tuple((incoming_parameters(self.message, self.state.origin) | step.extra).items())
        cookie_jar = f"{self.message.from_} {self.message.to}"
        webhook = Webhook(step.url, step.method, parameters, "sms", cookie_jar=cookie_jar, sid=self.message.sid)
        return read_messaging(await asyncio.shield(self.state.spawn(self.state.webhooks.send(webhook))), step.method)

    def absolute(self, url: str) -> str:
        return resolve(self.document.url, url)

    def warn(self, code: int, element: Element, detail: str = "") -> None:
        self.state.debugger.report(
            code,
            sid=self.message.sid,
            handset=self.message.handset,
            request=self.document.request,
            response=self.document.response,
            line=element.line,
            column=element.column,
            detail=detail,
        )


def incoming_parameters(message: Message, origin: str) -> dict[str, str]:
    """The parameters of an incoming text's webhook."""
    parameters = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsMessageSid": message.sid,
        "SmsStatus": "received",
        "AccountSid": message.account,
        "ApiVersion": "2010-04-01",
        "From": message.from_,
        "To": message.to,
        "Body": message.body,
        "NumMedia": str(len(message.media)),
        "NumSegments": str(message.num_segments),
    }
    for place, media in enumerate(message.media):
        parameters |= {f"MediaUrl{place}": origin + media.rest_path, f"MediaContentType{place}": media.content_type}
    return parameters | geography(message.from_, "From") | geography(message.to, "To")
