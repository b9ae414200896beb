"""Verbs and nouns that the exchange does not support. It skips them, with a warning that says why."""

from __future__ import annotations

from ringback.evidence import documented, observed
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.registry import elements, noun, verb

PYTHON_SDK = "https://github.com/twilio/twilio-python/blob/main/twilio/twiml/voice_response.py"
CARD_PAYMENT = "there is no payment processor here"
NOT_YET = "it has not been built"


@verb("Pay", documented("voice/twiml/pay"), checked=False, reason=CARD_PAYMENT)
@verb("Prompt", documented("voice/twiml/pay/prompt"), checked=False, reason=CARD_PAYMENT)
async def unsupported(session: VoiceSession, element: Element) -> Outcome:
    warn_unsupported(session, element)
    return None


def warn_unsupported(session: VoiceSession, element: Element) -> None:
    """Warns that the element is skipped, and says why."""
    children = ", ".join(f"<{child.name}>" for child in element.elements())
    name = f"<{element.name}>" + (f" with {children}" if children else "")
    mistake = f"{name} is valid TwiML, but Ringback does not support it and skips it: {reason_for(element)}"
    session.warn(12200, element, mistake, "Test this part of your app with Twilio.")


def reason_for(element: Element) -> str:
    """Returns why Ringback does not support the element, or a child of it."""
    entries = (elements().get(each.name) for each in (element, *element.elements()))
    return next((entry.reason for entry in entries if entry and entry.reason), "it is not allowed here")


noun(
    "Siprec",
    documented("voice/twiml/siprec"),
    attributes="name connectorName track statusCallback statusCallbackMethod",
    children="Parameter",
    reason="there is no SIPREC recording server here; use <Recording> or <Transcription>",
)
noun("Parameter", attributes="name value", in_coverage=False)
noun("Config", attributes="name value", in_coverage=False)
noun("ConversationRelaySession", observed(PYTHON_SDK), checked=False, reason=NOT_YET)
noun("AiSession", observed(PYTHON_SDK), checked=False, reason="there is no AI assistant here")
noun(
    "VirtualAgent",
    documented("voice/twiml/connect/virtualagent"),
    checked=False,
    reason="there is no Dialogflow agent here; use <ConversationRelay>",
)
noun("Conversation", observed(PYTHON_SDK), checked=False, reason="Twilio Conversations are not emulated")
noun("Room", documented("voice/twiml/connect/room"), checked=False, reason="Twilio Video is not emulated")
noun("Autopilot", observed(PYTHON_SDK), checked=False, reason="Twilio has withdrawn Autopilot")
