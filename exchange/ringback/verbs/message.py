"""Message, and the deprecated Sms, during a call: sends a text message, by default to the other party of the call."""

from __future__ import annotations

from ringback.evidence import documented
from ringback.messages.twiml_messages import send_from_document
from ringback.twiml.element_types import MESSAGING, VOICE
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Fetch, Outcome
from ringback.verbs.registry import noun, verb


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
        step = session.fetch(element.get("action"), "POST", extra)
        return step if isinstance(step, Fetch) else None
    return None


noun("Body", documented("messaging/twiml/message"), channels=(MESSAGING,))
noun("Media", documented("messaging/twiml/message"), channels=(MESSAGING,))
