"""Which verbs, nouns and attributes TwiML has, and where each may stand; what else is written is warned of."""

from __future__ import annotations

from collections.abc import Iterator

from ringback.twiml.parser import Element

_CALLBACK = "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent"
_STATUS = "statusCallback statusCallbackMethod statusCallbackEvent"
_MACHINE = (
    "machineDetection machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold "
    "machineDetectionSilenceTimeout amdStatusCallback amdStatusCallbackMethod"
)
SSML = "break emphasis lang p phoneme prosody s say-as sub w amazon:effect amazon:domain amazon:auto-breaths"
PROMPTS = "Say Play Pause"
NOUNS = "Number Client Sip Sim Conference Queue Application WhatsApp"

# Name: (attributes, children).
VOICE: dict[str, tuple[str, str]] = {
    "Response": (
        "",
        "Say Play Pause Gather Record Dial Enqueue Redirect Reject Hangup Leave Echo Connect Start Stop Refer Pay "
        "Prompt Sms Queue Message",
    ),
    "Say": ("voice language loop", SSML),
    "Play": ("loop digits", ""),
    "Pause": ("length", ""),
    "Gather": (
        "input action method timeout speechTimeout maxSpeechTime numDigits finishOnKey partialResultCallback "
        "partialResultCallbackMethod language hints bargeIn profanityFilter speechModel enhanced actionOnEmptyResult "
        "debug",
        PROMPTS,
    ),
    "Record": (
        f"action method timeout finishOnKey maxLength playBeep trim transcribe transcribeCallback {_CALLBACK} "
        "recordingConfigurationId",
        "",
    ),
    "Dial": (
        "action method timeout hangupOnStar timeLimit callerId callReason record trim recordingTrack answerOnBridge "
        f"ringTone sequential referUrl referMethod events passports recordingConfigurationId {_CALLBACK}",
        NOUNS,
    ),
    "Enqueue": ("action method waitUrl waitUrlMethod workflowSid maxQueueSize", "Task"),
    "Redirect": ("method", ""),
    "Reject": ("reason", "Parameter"),
    "Hangup": ("", "Parameter"),
    "Leave": ("", ""),
    "Echo": ("", ""),
    "Connect": (
        "action method",
        "Stream ConversationRelay ConversationRelaySession AiSession VirtualAgent Conversation Room Autopilot",
    ),
    "Start": ("action method", "Stream Siprec Transcription Recording"),
    "Stop": ("", "Stream Siprec Transcription Recording"),
    "Recording": (f"name track channels trim {_CALLBACK} recordingConfigurationId", ""),
    "Stream": ("name connectorName url track statusCallback statusCallbackMethod audioFormat sampleRate", "Parameter"),
    "Siprec": ("name connectorName track statusCallback statusCallbackMethod", "Parameter"),
    "Transcription": (
        "name track statusCallbackUrl statusCallbackMethod inboundTrackLabel outboundTrackLabel partialResults "
        "languageCode transcriptionEngine profanityFilter speechModel hints enableAutomaticPunctuation "
        "intelligenceService",
        "Parameter Config",
    ),
    "Refer": ("action method", "Sip ReferSip"),
    "Sms": ("to from action method statusCallback", ""),
    "Message": ("to from action method statusCallback", "Body Media"),
    "Number": (f"sendDigits url method byoc {_STATUS} {_MACHINE}", ""),
    "Client": (f"url method {_STATUS}", "Identity Parameter"),
    "Sip": (f"username password url method {_STATUS} {_MACHINE}", "Uri Headers"),
    "Conference": (
        "muted beep startConferenceOnEnter endConferenceOnExit waitUrl waitMethod maxParticipants record region coach "
        f"trim {_STATUS} {_CALLBACK} eventCallbackUrl jitterBufferSize participantLabel recordingConfigurationId",
        "",
    ),
    "Queue": ("url method reservationSid postWorkActivitySid", ""),
    "Application": (f"applicationSid url method customerId copyParentTo {_STATUS}", "ApplicationSid Parameter"),
    "WhatsApp": (f"url method {_STATUS}", ""),
    "Sim": ("", ""),
    "Parameter": ("name value", ""),
    "Identity": ("", ""),
    "Task": ("priority timeout", ""),
}
MESSAGING: dict[str, tuple[str, str]] = {
    "Response": ("", "Message Redirect Sms"),
    "Message": ("to from action method statusCallback", "Body Media"),
    "Sms": ("to from action method statusCallback", ""),
    "Redirect": ("method", ""),
    "Body": ("", ""),
    "Media": ("", ""),
}
Grammar = dict[str, tuple[frozenset[str], frozenset[str]]]


def _sets(table: dict[str, tuple[str, str]]) -> Grammar:
    return {name: (frozenset(given.split()), frozenset(nested.split())) for name, (given, nested) in table.items()}


GRAMMARS: dict[str, Grammar] = {"voice": _sets(VOICE), "sms": _sets(MESSAGING)}


def complaints(root: Element, channel: str) -> Iterator[tuple[Element, str]]:
    """Every element and attribute Twilio's schema does not have there, with a sentence about it."""
    grammar = GRAMMARS[channel]
    waiting = [root]
    while waiting:
        element = waiting.pop(0)
        if element.name not in grammar:
            continue  # below a verb we only know by name, anything goes
        attributes, nested = grammar[element.name]
        for name in element.attributes:
            if name not in attributes and not name.startswith("xmlns"):
                yield element, f"<{element.name}> has no attribute {name}{_meant(name, attributes)}"
        for child in element.elements():
            if child.name in nested:
                waiting.append(child)
            else:
                yield child, f"<{child.name}> is not known in <{element.name}>{_meant(child.name, nested)}"
    if between := root.own_text():
        yield root, f"Text between the verbs is not spoken: {between[:40]!r}"


def _meant(name: str, known: frozenset[str]) -> str:
    for other in known:
        if other.lower() == name.lower().replace("_", "").replace("-", ""):
            return f"; did you mean {other}?"
    return ""
