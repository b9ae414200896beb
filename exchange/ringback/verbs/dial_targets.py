"""Dial's Number and Client: whom to ring, and where that call's progress is reported."""

from __future__ import annotations

from ringback.account.phone_numbers import CLIENT, is_e164, normalize_number
from ringback.calls.loopback import would_loop
from ringback.calls.plan import StatusCallback
from ringback.twiml.attributes import keywords, method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.verbs.registry import noun as register_noun

STATUS_CALLBACK = "statusCallback statusCallbackMethod statusCallbackEvent"
DETECTION_TUNING = (
    "machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold "
    "machineDetectionSilenceTimeout"
)
DETECTION = f"machineDetection {DETECTION_TUNING} amdStatusCallback amdStatusCallbackMethod"
UNSUPPORTED = {"Sip", "Sim", "WhatsApp", "Application"}
CALL_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})


def dial_targets(session: VoiceSession, element: Element) -> list[tuple[str, Element]]:
    """Whom to ring, each with the noun that says how. A bare number is its own noun."""
    nouns = [noun for noun in element.elements() if noun.name in ("Number", "Client")]
    for noun in element.elements():
        if noun.name in UNSUPPORTED:
            session.warn(13215, noun, f"<{noun.name}> is known, but not run by this exchange")
    if element.own_text():
        nouns.append(Element("Number", children=[element.own_text()], line=element.line, column=element.column))
    if not nouns and not element.elements():
        session.warn(13215, element, "it says nobody to ring")
    found = [(_address(session, noun), noun) for noun in nouns[:10]]
    return [(address, noun) for address, noun in found if address]


def _address(session: VoiceSession, noun: Element) -> str:
    if noun.name == "Client":
        identity = next((child.text() for child in noun.elements() if child.name == "Identity"), noun.own_text())
        address = f"client:{identity.removeprefix('client:')}"
        known = bool(CLIENT.fullmatch(address))
    else:
        address = _international(normalize_number(noun.text()))
        known = is_e164(address)
    if not known:
        session.warn(13223, noun, address)
    elif address in session.state.numbers and would_loop(session.call.plan.own_numbers_passed, address):
        session.warn(13224, noun, address)
        known = False
    return address if known else ""


def _international(number: str) -> str:
    """North American numbers may be written without their +1, others without their + (no keypad has one)."""
    if not (number.isascii() and number.isdigit()):
        return number
    return f"+1{number}" if len(number) == 10 else f"+{number}" if len(number) > 10 else number


def detection_callback(session: VoiceSession, noun: Element) -> StatusCallback:
    """Nobody who dials waits for machine detection: they talk at once, and it is told beside."""
    address = noun.get("amdStatusCallback")
    way = method(session, noun, 13221, "amdStatusCallbackMethod")
    return StatusCallback(session.absolute(address) if address else "", way)


def status_callback(session: VoiceSession, noun: Element) -> StatusCallback:
    address = noun.get("statusCallback")
    if not address:
        return StatusCallback()
    events = keywords(session, noun, "statusCallbackEvent", "completed", CALL_EVENTS)
    way = method(session, noun, 13221, "statusCallbackMethod")
    return StatusCallback(session.absolute(address), way, events)


register_noun(
    "Number",
    attributes=f"sendDigits url method byoc {STATUS_CALLBACK} {DETECTION}",
    without_effect=f"byoc {DETECTION_TUNING}",
)
register_noun("Client", attributes=f"url method {STATUS_CALLBACK}", children="Identity Parameter")
register_noun("Identity")
register_noun(
    "Sip",
    attributes=f"username password url method {STATUS_CALLBACK} {DETECTION}",
    children="Uri Headers",
    supported=False,
)
register_noun(
    "Application",
    attributes=f"applicationSid url method customerId copyParentTo {STATUS_CALLBACK}",
    children="ApplicationSid Parameter",
    supported=False,
)
register_noun("WhatsApp", attributes=f"url method {STATUS_CALLBACK}", supported=False)
register_noun("Sim", supported=False)
