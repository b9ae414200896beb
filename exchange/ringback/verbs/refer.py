"""Refer: asks the SIP endpoint of this call to call another SIP address itself.

https://www.twilio.com/docs/voice/twiml/refer (2026-11)"""

from __future__ import annotations

from ringback.account.sip_uris import is_sip, parse_sip_uri
from ringback.calls.call import SIP_CODES
from ringback.calls.lifecycle import start_handset_call
from ringback.evidence import documented
from ringback.twiml.attribute_values import method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Fetch, Outcome
from ringback.verbs.registry import verb

ACCEPTED = "202"  # the endpoint's response to REFER
RINGING = {"ReferCallStatus": "canceled", "ReferSipResponseCode": ACCEPTED, "NotifySipResponseCode": "180"}


@verb("Refer", documented("voice/twiml/refer"), attributes="action method", children="Sip")
async def refer(session: VoiceSession, element: Element) -> Outcome:
    """Waits until the endpoint's new call is answered or fails. Returns the action, or None to run the next verb."""
    handset = session.call.plan.handset
    target = parse_sip_uri(next((child.text() for child in element.elements() if child.name == "Sip"), ""))
    if not is_sip(handset):
        session.warn(13801, element, handset)
        return None
    if target is None or target.address == handset:
        session.warn(13243, element, element.text()[:100] or "(empty)")
        return None
    session.hangup_fetch = _action(session, element, RINGING)
    new_call = start_handset_call(session.state, handset, target.address)
    while new_call.status == "ringing":
        await new_call.changed.wait()
    status = "in-progress" if new_call.is_live else new_call.status
    code = "200" if new_call.is_live else SIP_CODES[new_call.status]
    result = {"ReferCallStatus": status, "ReferSipResponseCode": ACCEPTED, "NotifySipResponseCode": code}
    return _action(session, element, result)


def _action(session: VoiceSession, element: Element, result: dict[str, str]) -> Fetch | None:
    if "action" not in element.attributes:
        return None
    return session.fetch(element.get("action"), method(session, element, 12200), result)
