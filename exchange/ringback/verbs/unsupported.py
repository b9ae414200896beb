"""Verbs and nouns that the exchange does not support. It skips them with a warning."""

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


@verb("Echo", supported=False)
@verb("Pay", checked=False, supported=False)
@verb("Prompt", checked=False, supported=False)
@verb("Refer", attributes="action method", children="Sip ReferSip", supported=False)
async def unsupported(session: VoiceSession, element: Element) -> Outcome:
    warn_unsupported(session, element)
    return None


def warn_unsupported(session: VoiceSession, element: Element) -> None:
    children = ", ".join(f"<{child.name}>" for child in element.elements())
    name = f"<{element.name}>" + (f" with {children}" if children else "")
    session.warn(12200, element, f"{name} is valid TwiML, but this exchange does not support it and skips it")


noun("Stream", attributes=STREAM, children="Parameter", supported=False)
noun(
    "Siprec",
    attributes="name connectorName track statusCallback statusCallbackMethod",
    children="Parameter",
    supported=False,
)
noun("Transcription", attributes=TRANSCRIPTION, children="Parameter Config", supported=False)
noun("Parameter", attributes="name value", in_coverage=False)
