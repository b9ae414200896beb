"""The handsets' door: everything a phone can do, as JSON. README.md has its promises."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from aiohttp import web

from ringback.account.phone_numbers import is_address, tidy
from ringback.calls import lifecycle
from ringback.calls.audio_path import Audio, Key, Words
from ringback.calls.call import Call
from ringback.messages.attachments import attach
from ringback.messages.incoming import receive
from ringback.messages.message import Message
from ringback.service.media import from_data_url
from ringback.sound import wav
from ringback.state import Handset, State
from ringback.web.json_responses import Refused, add_door, number_field, read_json, text_field

WHEN_CALLED = ("rings", "answers", "machine", "busy", "never-answers", "fails")
DIGITS = re.compile(r"[0-9A-D*#]{1,64}")
MOST_BODY = 1600
MOST_MEDIA = 10
MOST_WORDS = 4000
LONGEST_WAIT = 60


def add_routes(app: web.Application, state: State) -> None:
    route = partial(add_door, app, state)
    one, call = "/handsets/{number}", "/handsets/{number}/calls/{sid}"
    route("GET", "/handsets", list_handsets)
    route("GET", one, show_handset)
    route("POST", one, change_handset)
    route("DELETE", one, forget_handset)
    route("GET", f"{one}/texts", list_texts)
    route("POST", f"{one}/texts", send_text)
    route("GET", f"{one}/calls", list_calls)
    route("POST", f"{one}/calls", place_call)
    route("GET", call, show_call)
    route("POST", f"{call}/keys", press_keys)
    route("POST", f"{call}/speech", speak)
    route("POST", f"{call}/audio", hand_in_audio)
    route("POST", f"{call}/answer", answer)
    route("POST", f"{call}/hangup", hang_up)
    route("POST", f"{call}/spoken", finished_speaking)


async def list_handsets(state: State, request: web.Request) -> web.Response:
    shown = [handset.shown() for handset in state.handsets.values()]
    numbers = list(state.numbers)
    return web.json_response({"number": state.settings.number, "numbers": numbers, "handsets": shown})


async def show_handset(state: State, request: web.Request) -> web.Response:
    return web.json_response(_whole(_handset(state, request)))


async def change_handset(state: State, request: web.Request) -> web.Response:
    given = await read_json(request)
    handset = _handset(state, request)
    name, behaviour = text_field(given, "name", handset.name), text_field(given, "when_called", handset.when_called)
    if len(name) > 60:
        raise Refused(400, "name must be at most 60 characters")
    if behaviour not in WHEN_CALLED:
        raise Refused(400, f"when_called must be one of {', '.join(WHEN_CALLED)}")
    handset.name, handset.when_called = name, behaviour
    state.feed.publish("handset", handset.number, handset.shown())
    return web.json_response(_whole(handset))


async def forget_handset(state: State, request: web.Request) -> web.Response:
    number = _number(request)
    handset = state.handsets.get(number)
    if handset and any(not call.over for call in handset.calls):
        raise Refused(409, "Hang up first: this handset is in a call")
    if state.handsets.pop(number, None):
        state.feed.publish("forgotten", number, {"number": number})
    return web.Response(status=204)


async def list_texts(state: State, request: web.Request) -> web.Response:
    return web.json_response({"texts": [text.shown() for text in _handset(state, request).texts]})


async def send_text(state: State, request: web.Request) -> web.Response:
    given = await read_json(request)
    handset = _handset(state, request)
    body, urls, to = text_field(given, "body"), _media_urls(given), _to(state, given)
    if not body and not urls:
        raise Refused(400, "A text needs a body or a media_url")
    if len(body) > MOST_BODY:
        raise Refused(400, f"A text has at most {MOST_BODY} characters, not {len(body)}")
    message = _text(state, handset, to, body, urls)
    state.messages[message.sid] = message
    state.delivered(message)
    state.spawn(_carry(state, message))
    return web.json_response(message.shown(), status=201)


def _text(state: State, handset: Handset, to: str, body: str, urls: list[str]) -> Message:
    account = state.settings.account_sid
    message = Message(
        account=account,
        from_=handset.number,
        to=to,
        body=body,
        direction="inbound",
        handset=handset.number,
        created=state.clock.now(),
        status="received",
        media_urls=urls,
    )
    message.media_urls = [url for url in urls if not url.startswith("data:")]
    for url in urls:
        if url.startswith("data:"):
            found = from_data_url(url, state.clock.now())
            if found is None:
                raise Refused(400, "media_url: this data: address cannot be read, or holds more than 5 MB")
            attach(state, message, found)
    return message


async def _carry(state: State, message: Message) -> None:
    """To the app, or straight to another handset."""
    if number := state.numbers.get(message.to):
        return await receive(state, message, number)
    now = state.clock.now()
    copy = Message(message.account, message.from_, message.to, message.body, "outbound-api", message.to, now)
    copy.status, copy.media = "delivered", message.media
    state.delivered(copy)


def _media_urls(given: dict[str, Any]) -> list[str]:
    urls = given.get("media_url") or []
    urls = [urls] if isinstance(urls, str) else urls
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls) or len(urls) > MOST_MEDIA:
        raise Refused(400, f"media_url must be an address, or a list of at most {MOST_MEDIA}")
    for url in urls:
        if not url.lower().startswith(("http://", "https://", "data:")):
            raise Refused(400, f"media_url must be an http, https or data address, not {url[:80]!r}")
    return urls


async def list_calls(state: State, request: web.Request) -> web.Response:
    return web.json_response({"calls": [call.shown() for call in _handset(state, request).calls]})


async def place_call(state: State, request: web.Request) -> web.Response:
    given = await read_json(request)
    handset, to = _handset(state, request), _to(state, given)
    number = state.numbers.get(to)
    if to == handset.number:
        raise Refused(400, "A handset cannot call itself")
    call = lifecycle.incoming(state, handset.number, number) if number else lifecycle.between(state, handset.number, to)
    return web.json_response(call.shown(), status=201)


async def show_call(state: State, request: web.Request) -> web.Response:
    return web.json_response(_call(state, request).shown())


async def press_keys(state: State, request: web.Request) -> web.Response:
    given = await read_json(request)
    digits, wait = text_field(given, "digits"), number_field(given, "wait", 0, LONGEST_WAIT)
    if not DIGITS.fullmatch(digits):
        raise Refused(400, "digits must be keys of a telephone: 0-9, *, # or A-D, at most 64")
    call = _live_call(state, request)
    await call.line.somebody_listens(wait, key=True)
    for digit in digits:
        call.does(Key(digit))
    return web.json_response(call.shown())


async def speak(state: State, request: web.Request) -> web.Response:
    given = await read_json(request)
    words, wait = text_field(given, "words").strip(), number_field(given, "wait", 0, LONGEST_WAIT)
    confidence = number_field(given, "confidence", 0.9, 1)
    if not 0 < len(words) <= MOST_WORDS:
        raise Refused(400, f"words must be 1 to {MOST_WORDS} characters of speech")
    call = _live_call(state, request)
    await call.line.somebody_listens(wait, key=False)
    call.does(Words(words, confidence))
    return web.json_response(call.shown())


async def hand_in_audio(state: State, request: web.Request) -> web.Response:
    call = _live_call(state, request)
    try:
        sound = wav.from_wav(await request.read())
    except wav.NotSound as reason:
        raise Refused(400, str(reason)) from None
    call.does(Audio(sound))
    return web.json_response(call.shown())


async def answer(state: State, request: web.Request) -> web.Response:
    call = _call(state, request)
    if call.plan.direction == "inbound" or call.status != "ringing":
        raise Refused(409, f"Only an incoming call that rings can be answered; this one is {call.status}")
    lifecycle.answered_by_person(state, call)
    return web.json_response(call.shown())


async def hang_up(state: State, request: web.Request) -> web.Response:
    call = _call(state, request)
    if call.over:
        raise Refused(409, f"This call is over: {call.status}")
    lifecycle.hung_up_by_person(call)
    while call.running is not None and not call.over:  # the hang-up is a matter of moments, never of a webhook
        await call.changed.wait()
    return web.json_response(call.shown())


async def finished_speaking(state: State, request: web.Request) -> web.Response:
    given = await read_json(request)
    number, speaking = given.get("id"), given.get("speaking", False)
    if isinstance(number, bool) or not isinstance(number, int) or not isinstance(speaking, bool):
        raise Refused(400, 'Send {"id": 3}, or {"id": 3, "speaking": true}')
    call = _call(state, request)
    if not call.line.reported(number, speaking):
        raise Refused(404, f"Nothing with id {number} was heard in this call")
    return web.json_response(call.shown())


def _whole(handset: Handset) -> dict[str, Any]:
    texts = [text.shown() for text in handset.texts]
    return handset.shown() | {"texts": texts, "calls": [call.shown() for call in handset.calls]}


def _number(request: web.Request) -> str:
    number = tidy(request.match_info["number"])
    if not is_address(number):
        raise Refused(400, f"{number[:40]!r} is not a phone number: write it like +441632960001, or client:alice")
    return number


def _handset(state: State, request: web.Request) -> Handset:
    number = _number(request)
    if number in state.numbers:
        raise Refused(400, f"{number} is the app's own number, not a handset")
    return state.handset(number)


def _to(state: State, given: dict[str, Any]) -> str:
    to = tidy(text_field(given, "to", state.settings.number))
    if not is_address(to):
        raise Refused(400, f"to: {to[:40]!r} is not a phone number: write it like {state.settings.number}")
    return to


def _call(state: State, request: web.Request) -> Call:
    call = state.calls.get(request.match_info["sid"])
    if call is None or call.plan.handset != _number(request):
        raise Refused(404, "This handset has no such call")
    return call


def _live_call(state: State, request: web.Request) -> Call:
    call = _call(state, request)
    if call.over:
        raise Refused(409, f"This call is over: {call.status}")
    return call
