"""Which handset a request is about, and which number it texts or calls."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ringback.account.phone_numbers import is_address, tidy
from ringback.state import Handset, State
from ringback.web.json_responses import Refused, text_field


def handset_number(request: web.Request) -> str:
    number = tidy(request.match_info["number"])
    if not is_address(number):
        raise Refused(400, f"{number[:40]!r} is not a phone number: write it like +441632960001, or client:alice")
    return number


def find_handset(state: State, request: web.Request) -> Handset:
    number = handset_number(request)
    if number in state.numbers:
        raise Refused(400, f"{number} is the app's own number, not a handset")
    return state.handset(number)


def called_number(state: State, given: dict[str, Any]) -> str:
    to = tidy(text_field(given, "to", state.settings.number))
    if not is_address(to):
        raise Refused(400, f"to: {to[:40]!r} is not a phone number: write it like {state.settings.number}")
    return to
