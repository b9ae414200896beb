"""Which handset a request is about, and which number it texts or calls."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ringback.account.phone_numbers import is_handset_address, normalize_number
from ringback.state import Handset, State
from ringback.web.json_responses import RequestRefused, text_field


def handset_number(request: web.Request) -> str:
    number = normalize_number(request.match_info["number"])
    if not is_handset_address(number):
        raise RequestRefused(
            400, f"{number[:40]!r} is not a phone number: write it like +441632960001, or client:alice"
        )
    return number


def find_handset(state: State, request: web.Request) -> Handset:
    number = handset_number(request)
    if number in state.numbers:
        raise RequestRefused(400, f"{number} is the app's own number, not a handset")
    return state.handset(number)


def called_number(state: State, given: dict[str, Any]) -> str:
    to = normalize_number(text_field(given, "to", state.settings.number))
    if not is_handset_address(to):
        raise RequestRefused(400, f"to: {to[:40]!r} is not a phone number: write it like {state.settings.number}")
    return to
