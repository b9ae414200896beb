"""The Number and Client nouns of Dial: the addresses to ring, with their callbacks."""

from __future__ import annotations

from ringback.account.phone_numbers import CLIENT, is_e164, normalize_number
from ringback.calls.call_plan import StatusCallback
from ringback.calls.loopback import would_loop
from ringback.evidence import documented
from ringback.twiml.attributes import keywords, method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.verbs.registry import noun as register_noun
from ringback.verbs.unsupported import reason_for

STATUS_CALLBACK = "statusCallback statusCallbackMethod statusCallbackEvent"
DETECTION_TUNING = (
    "machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold "
    "machineDetectionSilenceTimeout"
)
DETECTION = f"machineDetection {DETECTION_TUNING} amdStatusCallback amdStatusCallbackMethod"
UNSUPPORTED = {"Sip", "Sim", "WhatsApp", "Application"}
MAX_TARGETS = 10
CALL_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})


def dial_targets(session: VoiceSession, element: Element) -> list[tuple[str, Element]]:
    """Returns the addresses to ring, each with its noun. A number in Dial's own text becomes a Number noun."""
    nouns = [noun for noun in element.elements() if noun.name in ("Number", "Client")]
    for noun in element.elements():
        if noun.name in UNSUPPORTED:
            session.warn(
                13215, noun, f"<{noun.name}> is valid TwiML, but Ringback does not support it: {reason_for(noun)}"
            )
    if element.own_text():
        nouns.append(Element("Number", children=[element.own_text()], line=element.line, column=element.column))
    if not nouns and not element.elements():
        session.warn(13215, element, "it contains no number and no noun")
    targets = [(_address(session, noun), noun) for noun in nouns[:MAX_TARGETS]]
    return [(address, noun) for address, noun in targets if address]


def _address(session: VoiceSession, noun: Element) -> str:
    """Returns a number or client address, or "" after a warning if it cannot be dialled."""
    if noun.name == "Client":
        identity = next((child.text() for child in noun.elements() if child.name == "Identity"), noun.own_text())
        address = f"client:{identity.removeprefix('client:')}"
        valid = bool(CLIENT.fullmatch(address))
    else:
        address = _to_e164(normalize_number(noun.text()))
        valid = is_e164(address)
    if not valid:
        session.warn(13223, noun, address)
    elif address in session.state.numbers and would_loop(session.call.plan.own_numbers_passed, address):
        session.warn(13224, noun, address)
        valid = False
    return address if valid else ""


def _to_e164(number: str) -> str:
    """Adds +1 to a ten-digit number and + to a longer one, because callers key in numbers without the +."""
    if not (number.isascii() and number.isdigit()):
        return number
    return f"+1{number}" if len(number) == 10 else f"+{number}" if len(number) > 10 else number


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


register_noun(
    "Number",
    documented("voice/twiml/number"),
    attributes=f"sendDigits url method byoc {STATUS_CALLBACK} {DETECTION}",
    without_effect=f"byoc {DETECTION_TUNING}",
)
register_noun(
    "Client",
    documented("voice/twiml/client"),
    attributes=f"url method {STATUS_CALLBACK}",
    children="Identity Parameter",
)
register_noun("Identity", documented("voice/twiml/client"))
register_noun(
    "Sip",
    documented("voice/twiml/sip"),
    attributes=f"username password url method {STATUS_CALLBACK} {DETECTION}",
    children="Uri Headers",
    reason="it has not been built",
)
register_noun("Uri", attributes="priority weight username password", in_coverage=False)
register_noun("Headers", children="Header", in_coverage=False)
register_noun("Header", attributes="name value", in_coverage=False)
register_noun(
    "Application",
    documented("voice/twiml/application"),
    attributes=f"applicationSid url method customerId copyParentTo {STATUS_CALLBACK}",
    children="ApplicationSid Parameter",
    reason="an application cannot be called here; use <Number> with one of your numbers",
)
register_noun("ApplicationSid", in_coverage=False)
register_noun(
    "WhatsApp",
    documented("voice/twiml/whatsapp"),
    attributes=f"url method {STATUS_CALLBACK}",
    reason="there are no WhatsApp calls here; use <Number>",
)
register_noun("Sim", documented("voice/twiml/sim"), reason="there are no SIM cards here; use <Number> or <Client>")
