"""The Sip noun of Dial: rings a SIP address, which is a handset like others.

https://www.twilio.com/docs/voice/twiml/sip (2026-11)"""

from __future__ import annotations

from ringback.account.sip_uris import SipUri, is_custom_header, parse_sip_uri
from ringback.evidence import documented
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.verbs.dial_callbacks import DETECTION, DETECTION_TUNING, STATUS_CALLBACK
from ringback.verbs.registry import noun as register_noun

LAST_PRIORITY = 65535


def sip_uri(session: VoiceSession, noun: Element) -> SipUri | None:
    """Returns the address to ring with the headers it receives, or None after a warning.

    Of several <Uri> elements, the one with the lowest priority number is rung."""
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
