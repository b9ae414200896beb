"""Message and the deprecated Sms: send a text message, in response to a message or during a call.

https://www.twilio.com/docs/messaging/twiml/message (2026-11)"""

from __future__ import annotations

from typing import Protocol

from ringback.account.phone_numbers import dialable_number, is_message_address, is_whatsapp
from ringback.evidence import documented
from ringback.messages.delivery import fail, send
from ringback.messages.message import Message
from ringback.state import State
from ringback.twiml.attribute_values import method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Fetch, Outcome
from ringback.verbs.registry import MESSAGING, VOICE, noun, verb

MAX_CHARACTERS = 1600
MAX_MEDIA = 10


@verb(
    "Message",
    documented("messaging/twiml/message"),
    attributes="to from action method statusCallback",
    children="Body Media",
    channels=(VOICE, MESSAGING),
)
@verb(
    "Sms", documented("voice/twiml/sms"), attributes="to from action method statusCallback", channels=(VOICE, MESSAGING)
)
async def message(session: VoiceSession, element: Element) -> Outcome:
    """Sends the message. Returns the action, or None to run the next verb."""
    plan = session.call.plan
    app, person = (plan.to, plan.from_) if plan.direction == "inbound" else (plan.from_, plan.to)
    sent = send_from_document(session.state, session, element, app, person, "outbound-call")
    if sent and element.get("action"):
        extra = {"MessageSid": sent.sid, "MessageStatus": sent.status, "SmsSid": sent.sid, "SmsStatus": sent.status}
        step = session.fetch(element.get("action"), sent.callback_method, extra)
        return step if isinstance(step, Fetch) else None
    return None


noun("Body", documented("messaging/twiml/message"), channels=(MESSAGING,))
noun("Media", documented("messaging/twiml/message"), channels=(MESSAGING,))


class DocumentSource(Protocol):
    """The session that runs the document that contains the verb."""

    def warn(self, code: int, element: Element, detail: str = "") -> None: ...
    def absolute(self, url: str) -> str: ...


def send_from_document(
    state: State, session: DocumentSource, element: Element, app: str, person: str, direction: str
) -> Message | None:
    """Send the message that an element describes. Warns and returns None if the message cannot be sent.

    `from` defaults to the number `app`, and `to` to the number `person`."""
    body, media = _content(session, element)
    to, from_ = dialable_number(element.get("to") or person), dialable_number(element.get("from") or app)
    if not body.strip() and not media:
        session.warn(14103, element, "it has neither a body nor media")
        return None
    if len(body) > MAX_CHARACTERS or len(media) > MAX_MEDIA:
        session.warn(14103, element, f"over the limit: {len(body)} of 1600 characters, {len(media)} of 10 media")
        return None
    if not is_message_address(to):
        session.warn(14101, element, to)
        return None
    number = state.own_number(from_)
    if number is None:
        session.warn(14102, element, from_)
        return None
    if is_whatsapp(from_) != is_whatsapp(to):
        session.warn(21910, element, f"{from_} and {to}")
        return None
    callback = element.get("statusCallback") or element.get("action")
    message = Message(
        account=number.account_sid,
        from_=from_,
        to=to,
        body=body,
        direction=direction,
        handset=to,
        created=state.clock.now(),
        media_urls=media,
        callback=session.absolute(callback) if callback else "",
        callback_method=method(session, element, 14104),
    )
    if state.opt_outs.has_opted_out(to, from_):
        session.warn(21610, element, to)
        return fail(state, message, 21610)
    return send(state, message)


def _content(session: DocumentSource, element: Element) -> tuple[str, list[str]]:
    bodies = [child.raw_text() for child in element.elements() if child.name == "Body"]
    media = [session.absolute(child.text()) for child in element.elements() if child.name == "Media"]
    text = "".join(child for child in element.children if isinstance(child, str))
    return "".join([text.strip() if bodies or media else text, *bodies]).strip(), media
