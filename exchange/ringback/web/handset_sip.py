"""The handset API for SIP endpoints: the parameters of an INVITE, and REFER.

https://www.twilio.com/docs/voice/api/sip-twiml and https://www.twilio.com/docs/voice/api/refer-to-twilio (2026-11)"""

from __future__ import annotations

from aiohttp import web

from ringback.account.sip_uris import is_custom_header, is_sip, new_sip_call_id, parse_sip_uri
from ringback.state import State
from ringback.web.handset_request import find_live_call
from ringback.web.json_responses import RequestRefused, read_json, text_field

SIP_DOMAIN = "ringback.sip.twilio.com"  # the SIP domain that every SIP address calls through


def invite_parameters(headers: dict[str, str]) -> dict[str, str]:
    """Returns the parameters that the first request for a call from a SIP address has. Raises RequestRefused."""
    if refused := sorted(name for name in headers if not is_custom_header(name)):
        raise RequestRefused(400, f"parameters: {', '.join(refused)}: SIP header names must begin with X-.")
    invite = {"SipCallId": new_sip_call_id(), "SipDomain": SIP_DOMAIN, "SipSourceIp": "127.0.0.1"}
    return invite | {f"SipHeader_{name}": value for name, value in headers.items()}


async def refer(state: State, request: web.Request) -> web.Response:
    """Sends REFER: asks the app to transfer the other party. Body: {"to": "sip:carol@example.com"}"""
    to = text_field(await read_json(request, "to"), "to")
    call = find_live_call(state, request)
    if not is_sip(call.plan.handset):
        raise RequestRefused(400, "Only a SIP address, such as sip:alice@example.com, can send REFER.")
    if parse_sip_uri(to) is None:
        raise RequestRefused(400, f"to: {to[:80]!r} is not a SIP URI. Use one like sip:carol@example.com.")
    if call.on_refer is None or not call.on_refer(f"<{to.strip()}>"):
        raise RequestRefused(409, "REFER is declined: this call is not connected by a <Dial> with a referUrl.")
    return web.json_response(call.as_json())
