"""Incoming messages: sends the app a webhook for each, and runs the TwiML in the response.

https://www.twilio.com/docs/messaging/guides/webhook-request (2026-11)"""

from __future__ import annotations

import asyncio

from ringback.account.geography import geography
from ringback.account.phone_numbers import PhoneNumber, is_whatsapp
from ringback.account.webhook_urls import WebhookUrls
from ringback.messages import whatsapp
from ringback.messages.attachments import fetch_all_media
from ringback.messages.delivery import send
from ringback.messages.message import Message
from ringback.messages.reply_loops import is_reply_loop
from ringback.state import State
from ringback.twiml.attribute_values import method
from ringback.twiml.documents import Document, DocumentError, read_messaging
from ringback.twiml.parser import Element
from ringback.twiml.schema_validation import report_violations
from ringback.twiml.steps import Fetch
from ringback.verbs.message import send_from_document
from ringback.verbs.registry import MESSAGING
from ringback.webhooks.request import Webhook
from ringback.webhooks.urls import resolve

MAX_DOCUMENTS = 50
MAX_REPLIES = 10


async def receive_message(state: State, message: Message, number: PhoneNumber) -> None:
    """Process a message to one of the app's numbers: handle opt-out keywords, then send the webhook."""
    await fetch_all_media(state, message)
    if is_whatsapp(message.from_):  # opt-out keywords apply only to SMS
        state.whatsapp_sessions.open(message.from_, message.to)
    elif body := state.opt_outs.automatic_reply(message.from_, message.to, message.body):
        send(state, _automatic_message(state, message, body))
    service = state.messaging_services.of_number(number.sid)
    message.service = service.sid if service else None
    urls = state.webhook_urls_for_messages(number)
    if urls.sms_url:
        await MessagingSession(state, message, urls).run(Fetch(urls.sms_url, urls.sms_method))


def _automatic_message(state: State, message: Message, body: str) -> Message:
    now = state.clock.now()
    return Message(message.account, message.to, message.from_, body, "outbound-reply", message.from_, now)


class MessagingSession:
    """Fetches and runs the TwiML documents for one incoming message."""

    def __init__(self, state: State, message: Message, urls: WebhookUrls) -> None:
        self.state, self.message, self.urls = state, message, urls
        self.document = Document("", "POST", Element("Response"))
        self.replies = 0
        self.has_used_fallback = False

    async def run(self, step: Fetch | None) -> None:
        """Fetch and run documents until one has neither a Redirect nor an action URL."""
        for _ in range(MAX_DOCUMENTS):
            if step is None:
                return
            try:
                self.document = await self._get(step)
            except DocumentError as error:
                fallback = await self._fallback(error)
                if fallback is None:
                    return
                self.document = fallback
            report_violations(self.state.debugger, self.document, MESSAGING, self.message.sid, self.message.handset)
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
            reply = self._reply(element)
            if reply and element.get("action"):
                extra = {"MessageStatus": reply.status, "SmsStatus": reply.status, "MessageSid": reply.sid}
                return Fetch(self.absolute(element.get("action")), method(self, element, 14104), extra)
        return None

    def _reply(self, element: Element) -> Message | None:
        self.replies += 1
        if self.replies > MAX_REPLIES:
            self.warn(14109, element)
            return None
        if is_reply_loop(self.state, self.message.from_, self.message.to):
            self.warn(14107, element)
            return None
        message = self.message
        return send_from_document(self.state, self, element, message.to, message.from_, "outbound-reply")

    async def _fallback(self, error: DocumentError) -> Document | None:
        """Fetch the fallback document, at most once: one that redirects to the failing URL would loop."""
        error.report(self.state.debugger, self.message.sid, self.message.handset)
        if self.has_used_fallback or not self.urls.sms_fallback_url:
            return None
        self.has_used_fallback = True
        extra = {"ErrorCode": str(error.code), "ErrorUrl": error.url}
        try:
            return await self._get(Fetch(self.urls.sms_fallback_url, self.urls.sms_fallback_method, extra))
        except DocumentError as fallback_error:
            fallback_error.report(self.state.debugger, self.message.sid, self.message.handset)
            return None

    async def _get(self, step: Fetch) -> Document:
        parameters = tuple((incoming_parameters(self.state, self.message) | step.extra).items())
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


def incoming_parameters(state: State, message: Message) -> dict[str, str]:
    """The parameters of the webhook for an incoming message."""
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
    if message.service:
        parameters["MessagingServiceSid"] = message.service
    for index, media in enumerate(message.media):
        parameters |= {
            f"MediaUrl{index}": state.origin + media.rest_path,
            f"MediaContentType{index}": media.content_type,
        }
    if is_whatsapp(message.from_):
        return parameters | whatsapp.incoming_parameters(
            message, state.display_name(message.from_).removeprefix("whatsapp:")
        )
    parameters |= geography(message.from_, state.place_of(message.from_), "From")
    parameters |= geography(message.to, state.place_of(message.to), "To")
    handset = state.handsets.get(message.handset)
    return parameters | (handset.add_on_parameters() if handset else {})
