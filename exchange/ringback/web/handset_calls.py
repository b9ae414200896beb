"""The handset API for calls: place, answer and (for SIP) refer them, press keys, speak and hang up."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aiohttp import web

from ringback.account.phone_numbers import is_whatsapp
from ringback.account.sip_uris import is_custom_header, is_sip, new_sip_call_id, parse_sip_uri
from ringback.calls import lifecycle
from ringback.calls.audio_path import AudioClip, KeyPress, Speech
from ringback.sound import wav
from ringback.state import State
from ringback.web.handset_request import destination, find_call, find_handset, find_live_call, refuse_if_over
from ringback.web.json_requests import RequestRefused, number_field, read_json, text_field

DIGITS = re.compile(r"[0-9A-D*#]{1,64}")
MAX_SPEECH_CHARACTERS = 4000
MAX_WAIT_SECONDS = 60
# To is not reserved: with the Voice SDK, an app's client passes the number to dial as To.
RESERVED_PARAMETERS = {"AccountSid", "ApiVersion", "CallSid", "CallStatus", "Caller", "Direction", "From"}
SIP_DOMAIN = "ringback.sip.twilio.com"  # the SIP domain that every SIP address calls through


async def list_calls(state: State, request: web.Request) -> web.Response:
    return web.json_response({"calls": [call.as_json() for call in find_handset(state, request).calls]})


async def place_call(state: State, request: web.Request) -> web.Response:
    body = await read_json(request, "to", "parameters")
    handset = find_handset(state, request)
    to = destination(state, handset.number, body)
    if is_whatsapp(handset.number):
        raise RequestRefused(400, "A WhatsApp handset can only send texts. Call from a number without whatsapp:.")
    parameters = _custom_parameters(handset.number, body)
    number = state.numbers.get(to)
    if to == handset.number:
        raise RequestRefused(400, "A handset cannot call itself.")
    call = (
        lifecycle.start_inbound_call(state, handset.number, number, parameters=parameters)
        if number
        else lifecycle.start_handset_call(state, handset.number, to)
    )
    return web.json_response(call.as_json(), status=201)


def _custom_parameters(handset: str, body: dict[str, Any]) -> dict[str, str]:
    """The custom parameters of a call from a client, as in `device.connect({params: …})`. Raises RequestRefused."""
    parameters = body.get("parameters") or {}
    if parameters and not handset.startswith(("client:", "sip:", "sips:")):
        raise RequestRefused(400, "parameters: only client:alice or sip:alice@example.com can send custom parameters.")
    if not isinstance(parameters, dict) or not all(isinstance(value, str) for value in parameters.values()):
        raise RequestRefused(400, 'parameters must be an object with text in each field, such as {"room": "7"}.')
    if taken := sorted(RESERVED_PARAMETERS & parameters.keys()):
        raise RequestRefused(400, f"parameters: Twilio itself sends {', '.join(taken)}.")
    return invite_parameters(parameters) if is_sip(handset) else parameters


async def show_call(state: State, request: web.Request) -> web.Response:
    return web.json_response(find_call(state, request).as_json())


async def press_keys(state: State, request: web.Request) -> web.Response:
    body = await read_json(request, "digits", "wait")
    digits, wait = text_field(body, "digits"), number_field(body, "wait", 0, MAX_WAIT_SECONDS)
    if not DIGITS.fullmatch(digits):
        raise RequestRefused(400, "digits must be 1 to 64 of the keys 0-9, *, # and A-D.")
    call = find_live_call(state, request)
    await call.audio.wait_until_listening(wait, key=True)
    refuse_if_over(call)
    for digit in digits:
        call.take_input(KeyPress(digit))
    return web.json_response(call.as_json())


async def speak(state: State, request: web.Request) -> web.Response:
    body = await read_json(request, "words", "wait", "confidence")
    words, wait = text_field(body, "words").strip(), number_field(body, "wait", 0, MAX_WAIT_SECONDS)
    confidence = number_field(body, "confidence", 0.9, 1)
    if not 0 < len(words) <= MAX_SPEECH_CHARACTERS:
        raise RequestRefused(400, f"words must be 1 to {MAX_SPEECH_CHARACTERS} characters long.")
    call = find_live_call(state, request)
    await call.audio.wait_until_listening(wait, key=False)
    refuse_if_over(call)
    call.take_input(Speech(words, confidence))
    return web.json_response(call.as_json())


async def send_audio(state: State, request: web.Request) -> web.Response:
    call = find_live_call(state, request)
    try:
        sound = await asyncio.to_thread(wav.from_wav, await request.read())  # resampling would hold up other calls
    except wav.InvalidAudio as error:
        raise RequestRefused(400, str(error)) from None
    call.take_input(AudioClip(sound))
    return web.json_response(call.as_json())


async def answer(state: State, request: web.Request) -> web.Response:
    await read_json(request)
    call = find_call(state, request)
    if call.plan.direction == "inbound" or call.status != "ringing":
        raise RequestRefused(409, f"Only a ringing incoming call can be answered. This one is {call.status}.")
    lifecycle.answer_at_handset(state, call)
    return web.json_response(call.as_json())


async def hang_up(state: State, request: web.Request) -> web.Response:
    await read_json(request)
    call = find_call(state, request)
    if call.is_over:
        raise RequestRefused(409, f"This call is over: {call.status}.")
    lifecycle.hang_up_at_handset(call)
    while call.running is not None and not call.is_over:  # a short wait, because hanging up does not wait for webhooks
        await call.changed.wait()
    return web.json_response(call.as_json())


async def report_speaking(state: State, request: web.Request) -> web.Response:
    body = await read_json(request, "id", "speaking")
    item_id, speaking = body.get("id"), body.get("speaking", False)
    if isinstance(item_id, bool) or not isinstance(item_id, int) or not isinstance(speaking, bool):
        raise RequestRefused(400, 'Send {"id": 3}, or {"id": 3, "speaking": true}.')
    call = find_call(state, request)
    if not call.audio.report_speaking(item_id, speaking):
        raise RequestRefused(404, f"This call has no heard item with the id {item_id}.")
    return web.json_response(call.as_json())


def invite_parameters(headers: dict[str, str]) -> dict[str, str]:
    """Returns the additional parameters of the first request for a call from a SIP address. Raises RequestRefused."""
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
