"""The callbacks that the nouns of Dial share: call progress and machine detection.

https://www.twilio.com/docs/voice/twiml/number (2026-11)"""

from __future__ import annotations

from ringback.calls.call_plan import StatusCallback
from ringback.twiml.attributes import keywords, method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element

STATUS_CALLBACK = "statusCallback statusCallbackMethod statusCallbackEvent"
DETECTION_TUNING = (
    "machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold "
    "machineDetectionSilenceTimeout"
)
DETECTION = f"machineDetection {DETECTION_TUNING} amdStatusCallback amdStatusCallbackMethod"
CALL_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})


def detection_callback(session: VoiceSession, noun: Element) -> StatusCallback:
    """Returns the AMD callback. In Dial, machine detection is always asynchronous: the calls are bridged at once."""
    url = noun.get("amdStatusCallback")
    http_method = method(session, noun, 13221, "amdStatusCallbackMethod")
    return StatusCallback(session.absolute(url) if url else "", http_method)


def status_callback(session: VoiceSession, noun: Element) -> StatusCallback:
    url = noun.get("statusCallback")
    if not url:
        return StatusCallback()
    events = keywords(session, noun, "statusCallbackEvent", "completed", CALL_EVENTS)
    http_method = method(session, noun, 13221, "statusCallbackMethod")
    return StatusCallback(session.absolute(url), http_method, events)
