"""Reads the handset and the called number from a request to the handset API."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ringback.account.phone_numbers import is_e164, is_message_address, is_sender_id, is_whatsapp, normalize_number
from ringback.state import Handset, State
from ringback.web.json_responses import RequestRefused, text_field


def handset_number(request: web.Request) -> str:
    number = normalize_number(request.match_info["number"])
    if not is_message_address(number):
        raise RequestRefused(
            400,
            f"{number[:40]!r} is not a phone number. "
            "Use a number like +441632960001, or client:alice or whatsapp:+441632960001.",
        )
    return number


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
    if not is_message_address(to):
        hint = "; a sender name cannot receive texts." if is_sender_id(to) else "."
        message = f"to: {to[:40]!r} is not a phone number. Use a number like {state.settings.number}{hint}"
        raise RequestRefused(400, message)
    return to
