"""The nouns of Dial that ring a phone (Number, Client and Sip): the addresses to call, and what each one receives.

https://www.twilio.com/docs/voice/twiml/dial (2026-11), https://www.twilio.com/docs/voice/twiml/sip (2026-11)"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ringback.account.phone_numbers import CLIENT, dialable_number, is_e164
from ringback.account.sip_uris import SipUri, is_custom_header, is_sip, new_sip_call_id, parse_sip_uri
from ringback.calls.call_plan import StatusCallback
from ringback.calls.loopback import would_loop
from ringback.evidence import documented, observed
from ringback.twiml.attribute_values import keywords, method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.verbs.registry import noun as register_noun
from ringback.verbs.unsupported import PYTHON_SDK, reason_for

STATUS_CALLBACK = "statusCallback statusCallbackMethod statusCallbackEvent"
DETECTION_TUNING = (
    "machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold "
    "machineDetectionSilenceTimeout"
)
DETECTION = f"machineDetection {DETECTION_TUNING} amdStatusCallback amdStatusCallbackMethod"
CALL_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
NOUNS = {"Number", "Client", "Sip"}
UNSUPPORTED = {"Sim", "WhatsApp", "Application"}
SEND_DIGITS = re.compile(r"[0-9*#wW]*")
MAX_TARGETS = 10
LAST_PRIORITY = 65535


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


def send_digits(session: VoiceSession, noun: Element) -> str:
    """Returns the tones to send to the phone that answers, or "" after a warning if they are invalid."""
    digits = noun.get("sendDigits")
    if SEND_DIGITS.fullmatch(digits):
        return digits
    session.warn(13222, noun, digits[:40])
    return ""


@dataclass(frozen=True)
class DialTarget:
    """One address to call, with its noun and what it receives: a client's parameters or SIP headers."""

    address: str
    noun: Element
    delivered: dict[str, str] = field(default_factory=dict)
    sip_call_id: str = ""


def dial_targets(session: VoiceSession, element: Element) -> list[DialTarget]:
    """Returns the addresses to call. A number in Dial's own text becomes a Number noun."""
    nouns = [noun for noun in element.elements() if noun.name in NOUNS]
    for noun in element.elements():
        if noun.name in UNSUPPORTED:
            session.warn(
                13215, noun, f"<{noun.name}> is valid TwiML, but Ringback does not support it: {reason_for(noun)}"
            )
    if element.own_text():
        nouns.append(Element("Number", children=[element.own_text()], line=element.line, column=element.column))
    if not nouns and not element.elements():
        session.warn(13215, element, "it contains no number and no noun")
    targets = (_target(session, noun) for noun in nouns[:MAX_TARGETS])
    return [target for target in targets if target]


def _target(session: VoiceSession, noun: Element) -> DialTarget | None:
    """Returns the target, or None after a warning if it cannot be dialled."""
    if noun.name == "Sip":
        uri = sip_uri(session, noun)
        return DialTarget(uri.address, noun, uri.headers, new_sip_call_id()) if uri else None
    if noun.name == "Client":
        return _client(session, noun)
    address = dialable_number(noun.text())
    if not is_e164(address):
        session.warn(13223, noun, address)
        return None
    if address in session.state.numbers and would_loop(session.call.plan.own_numbers_passed, address):
        session.warn(13224, noun, address)
        return None
    return DialTarget(address, noun)


def _client(session: VoiceSession, noun: Element) -> DialTarget | None:
    """Returns the client with its custom parameters, except parameters whose names Twilio uses itself."""
    identity = next((child.text() for child in noun.elements() if child.name == "Identity"), noun.own_text())
    address = f"client:{identity.removeprefix('client:')}"
    if not CLIENT.fullmatch(address):
        session.warn(13223, noun, address)
        return None
    given = {child.get("name"): child.get("value") for child in noun.elements() if child.name == "Parameter"}
    taken = session.call.parameters().keys() | {""}
    if refused := sorted(given.keys() & taken):
        session.warn(12200, noun, f"Client: a <Parameter> cannot be called {', '.join(refused)[:100] or '(empty)'}")
    return DialTarget(address, noun, {name: value for name, value in given.items() if name not in taken})


def whisper_parameters(target: DialTarget) -> dict[str, str]:
    """Returns the additional parameters of the request for a whisper document if the target is a SIP address."""
    if not is_sip(target.address):
        return {}
    return {"SipCallId": target.sip_call_id, "SipDomain": target.address.rpartition("@")[2].partition(":")[0]}


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
    "Application",
    documented("voice/twiml/application"),
    attributes=f"applicationSid url method customerId copyParentTo {STATUS_CALLBACK}",
    children="ApplicationSid Parameter",
    reason="an application cannot be called here; use <Number> with one of your numbers",
)
register_noun("ApplicationSid", in_coverage=False)
register_noun(
    "WhatsApp",
    observed(PYTHON_SDK),
    attributes=f"url method {STATUS_CALLBACK}",
    reason="there are no WhatsApp calls here; use <Number>",
)
register_noun("Sim", documented("voice/twiml/sim"), reason="there are no SIM cards here; use <Number> or <Client>")


def sip_uri(session: VoiceSession, noun: Element) -> SipUri | None:
    """Returns the address to call, with the headers that it receives, or None after a warning.

    Of several <Uri> elements, the one with the lowest priority number is called."""
    uris = sorted((child for child in noun.elements() if child.name == "Uri"), key=_priority)
    source = uris[0] if uris else noun
    if any(bool(each.get("username")) != bool(each.get("password")) for each in (noun, source)):
        session.warn(13249, noun)
    parsed = parse_sip_uri(source.own_text())
    if parsed is None:
        session.warn(13243, noun, source.own_text()[:100] or "(empty)")
        return None
    headers = parsed.headers | _header_elements(noun)
    if refused := sorted(name for name in headers if not is_custom_header(name)):
        session.warn(12200, noun, f"Sip: {', '.join(refused)[:100]} is not sent: header names must begin with X-")
    return SipUri(parsed.address, {name: value for name, value in headers.items() if is_custom_header(name)})


def _priority(uri: Element) -> int:
    value = uri.get("priority")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else LAST_PRIORITY


def _header_elements(noun: Element) -> dict[str, str]:
    parents = [child for child in noun.elements() if child.name == "Headers"]
    headers = [header for parent in parents for header in parent.elements() if header.name == "Header"]
    return {header.get("name"): header.get("value") for header in headers if header.get("name")}


register_noun(
    "Sip",
    documented("voice/twiml/sip"),
    attributes=f"username password url method {STATUS_CALLBACK} {DETECTION}",
    children="Uri Headers",
    without_effect=DETECTION_TUNING,
)
register_noun("Uri", attributes="priority weight username password", in_coverage=False)
register_noun("Headers", children="Header", in_coverage=False)
register_noun("Header", attributes="name value", in_coverage=False)
