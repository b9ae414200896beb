"""Verbs and nouns that the exchange knows by name only: reported in the debugger, and skipped."""

from __future__ import annotations

from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.registry import noun, verb

STREAM = "name connectorName url track statusCallback statusCallbackMethod audioFormat sampleRate"
TRANSCRIPTION = (
    "name track statusCallbackUrl statusCallbackMethod inboundTrackLabel outboundTrackLabel partialResults "
    "languageCode transcriptionEngine profanityFilter speechModel hints enableAutomaticPunctuation "
    "intelligenceService"
)
CONNECT = "Stream ConversationRelay ConversationRelaySession AiSession VirtualAgent Conversation Room Autopilot"


@verb("Echo", supported=False)
@verb("Connect", attributes="action method", children=CONNECT, supported=False)
@verb("Pay", checked=False, supported=False)
@verb("Prompt", checked=False, supported=False)
@verb("Refer", attributes="action method", children="Sip ReferSip", supported=False)
async def unsupported(session: VoiceSession, element: Element) -> Outcome:
    warn_unsupported(session, element)
    return None


def warn_unsupported(session: VoiceSession, element: Element) -> None:
    inner = ", ".join(f"<{child.name}>" for child in element.elements())
    what = f"<{element.name}>" + (f" with {inner}" if inner else "")
    session.warn(12200, element, why=f"{what} is known, but not run by this exchange; it was passed over")


noun("Stream", attributes=STREAM, children="Parameter", supported=False)
noun(
    "Siprec",
    attributes="name connectorName track statusCallback statusCallbackMethod",
    children="Parameter",
    supported=False,
)
noun("Transcription", attributes=TRANSCRIPTION, children="Parameter Config", supported=False)
noun("Parameter", attributes="name value", in_coverage=False)
