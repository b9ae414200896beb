"""Reads the handset and the called number from a request to the handset API."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ringback.account.phone_numbers import is_e164, is_handset_address, is_sender_id, is_whatsapp, normalize_number
from ringback.calls.call import Call
from ringback.handset import Handset
from ringback.state import State
from ringback.web.json_requests import RequestRefused, text_field


def handset_number(request: web.Request) -> str:
    number = normalize_number(request.match_info["number"])
    if not _is_address(number):
        raise RequestRefused(
            400,
            f"{number[:40]!r} is not a phone number. "
            "Use a number like +441632960001, or client:alice, sip:alice@example.com or whatsapp:+441632960001.",
        )
    return number


def number_in_query(text: str) -> str:
    """The number in a query parameter, in which an unencoded + has been decoded as a space."""
    return normalize_number(f"+{text.strip()}" if text.startswith(" ") else text)


def find_handset(state: State, request: web.Request) -> Handset:
    number = handset_number(request)
    if state.own_number(number):
        raise RequestRefused(400, f"{number} is one of the app's numbers, not a handset.")
    return state.handset(number)


def destination(state: State, handset: str, body: dict[str, Any]) -> str:
    """The number in `to`, which defaults to the app's, on the handset's channel."""
    to = normalize_number(text_field(body, "to", state.settings.number))
    if is_whatsapp(handset) and is_e164(to):
        to = f"whatsapp:{to}"
    if is_whatsapp(to) != is_whatsapp(handset):
        raise RequestRefused(400, f"to: {handset} cannot reach {to[:40]}: whatsapp: must be in both or in neither.")
    if not _is_address(to):
        hint = "; a sender name cannot receive texts." if is_sender_id(to) else "."
        message = f"to: {to[:40]!r} is not a phone number. Use a number like {state.settings.number}{hint}"
        raise RequestRefused(400, message)
    return to


def _is_address(text: str) -> bool:
    return is_handset_address(text) or is_whatsapp(text)


def find_call(state: State, request: web.Request) -> Call:
    call = state.calls.get(request.match_info["sid"])
    if call is None or call.plan.handset != handset_number(request):
        raise RequestRefused(404, "This handset has no such call.")
    return call


def find_live_call(state: State, request: web.Request) -> Call:
    call = find_call(state, request)
    refuse_if_over(call)
    return call


def refuse_if_over(call: Call) -> None:
    if call.is_over:
        raise RequestRefused(409, f"This call is over: {call.status}.")
