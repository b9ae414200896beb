"""Reads the handset and the called number from a request to the handset API."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ringback.account.phone_numbers import is_handset_address, is_sender_id, normalize_number
from ringback.state import Handset, State
from ringback.web.json_responses import RequestRefused, text_field


def handset_number(request: web.Request) -> str:
    number = normalize_number(request.match_info["number"])
    if not is_handset_address(number):
        raise RequestRefused(
            400, f"{number[:40]!r} is not a phone number. Use a number like +441632960001, or client:alice."
        )
    return number


def find_handset(state: State, request: web.Request) -> Handset:
    number = handset_number(request)
    if number in state.numbers:
        raise RequestRefused(400, f"{number} is one of the app's numbers, not a handset.")
    return state.handset(number)


def destination(state: State, body: dict[str, Any]) -> str:
    """The number in `to`, which defaults to the app's."""
    to = normalize_number(text_field(body, "to", state.settings.number))
    if not is_handset_address(to):
        hint = "; a sender name cannot receive texts." if is_sender_id(to) else "."
        message = f"to: {to[:40]!r} is not a phone number. Use a number like {state.settings.number}{hint}"
        raise RequestRefused(400, message)
    return to
