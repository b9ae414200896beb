"""The handset API's routes: everything a phone can do, as JSON. docs/json-api.md documents them."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from aiohttp import web

from ringback.account.geography import Place
from ringback.handset import WHEN_CALLED, Handset
from ringback.state import State
from ringback.web import handset_calls, handset_streams, handset_texts
from ringback.web.handset_request import find_handset, handset_number
from ringback.web.json_requests import RequestRefused, add_route, read_json, text_field

PLACE = ("city", "state", "zip", "country")
MAX_PLACE_CHARACTERS = 100
COUNTRY = re.compile(r"([A-Z]{2})?")


def add_routes(app: web.Application, state: State) -> None:
    route = partial(add_route, app, state)
    one, call = "/handsets/{number}", "/handsets/{number}/calls/{sid}"
    route("GET", "/handsets", list_handsets)
    route("GET", one, show_handset)
    route("POST", one, change_handset)
    route("DELETE", one, delete_handset)
    route("GET", f"{one}/texts", handset_texts.list_texts)
    route("POST", f"{one}/texts", handset_texts.send_text)
    route("GET", f"{one}/calls", handset_calls.list_calls)
    route("POST", f"{one}/calls", handset_calls.place_call)
    route("GET", call, handset_calls.show_call)
    route("POST", f"{call}/keys", handset_calls.press_keys)
    route("POST", f"{call}/speech", handset_calls.speak)
    route("POST", f"{call}/audio", handset_calls.send_audio)
    route("GET", f"{call}/streams", handset_streams.list_streams)
    route("POST", f"{call}/marks", handset_streams.wait_for_mark)
    route("POST", f"{call}/answer", handset_calls.answer)
    route("POST", f"{call}/hangup", handset_calls.hang_up)
    route("POST", f"{call}/refer", handset_calls.refer)
    route("POST", f"{call}/spoken", handset_calls.report_speaking)
    route("POST", "/numbers/{number}", change_number)


async def list_handsets(state: State, request: web.Request) -> web.Response:
    handsets = [handset.as_json() for handset in state.handsets.values()]
    numbers = list(state.numbers)
    return web.json_response({"number": state.settings.number, "numbers": numbers, "handsets": handsets})


async def show_handset(state: State, request: web.Request) -> web.Response:
    return web.json_response(_with_history(find_handset(state, request)))


async def change_handset(state: State, request: web.Request) -> web.Response:
    body = await read_json(request, "name", "when_called", *PLACE, "add_ons")
    handset = find_handset(state, request)
    name, when_called = text_field(body, "name", handset.name), text_field(body, "when_called", handset.when_called)
    if len(name) > 60:
        raise RequestRefused(400, "name must be at most 60 characters long.")
    if when_called not in WHEN_CALLED:
        raise RequestRefused(400, f"when_called must be one of {', '.join(WHEN_CALLED)}.")
    place, add_ons = _place(body, handset.place), body.get("add_ons", handset.add_ons)
    if not isinstance(add_ons, dict):
        raise RequestRefused(400, 'add_ons must be an object, such as {"twilio_caller_name": {…}}.')
    handset.name, handset.when_called, handset.place, handset.add_ons = name, when_called, place, add_ons
    state.feed.publish("handset", handset.number, handset.as_json())
    return web.json_response(_with_history(handset))


async def change_number(state: State, request: web.Request) -> web.Response:
    """Sets the location of one of the app's numbers."""
    body, number = await read_json(request, *PLACE), handset_number(request)
    if number not in state.numbers:
        raise RequestRefused(404, f"{number} is not one of the app's numbers: {', '.join(state.numbers)}.")
    own = state.numbers[number]
    own.place = _place(body, own.place)
    return web.json_response({"number": number} | own.place.as_json(number))


def _place(body: dict[str, Any], known: Place) -> Place:
    """Returns the current location with the changes in the body applied. Raises RequestRefused."""
    changes = {name: text_field(body, name, getattr(known, name)).strip() for name in PLACE}
    for name, value in changes.items():
        if len(value) > MAX_PLACE_CHARACTERS:
            raise RequestRefused(400, f"{name} must be at most {MAX_PLACE_CHARACTERS} characters long.")
    if not COUNTRY.fullmatch(changes["country"]):
        raise RequestRefused(400, "country must be two capital letters, such as GB, or empty.")
    return Place(**changes)


async def delete_handset(state: State, request: web.Request) -> web.Response:
    number = handset_number(request)
    handset = state.handsets.get(number)
    if handset and any(not call.is_over for call in handset.calls):
        raise RequestRefused(409, "This handset is in a call. Hang up first.")
    if state.handsets.pop(number, None):
        state.feed.publish("forgotten", number, {"number": number})
    return web.Response(status=204)


def _with_history(handset: Handset) -> dict[str, Any]:
    texts = [text.as_json() for text in handset.texts]
    return handset.as_json() | {"texts": texts, "calls": [call.as_json() for call in handset.calls]}
