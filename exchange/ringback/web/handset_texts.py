"""The handset API for texts."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ringback.account.phone_numbers import is_message_address
from ringback.handset import Handset
from ringback.messages.attachments import attach, fetch_all_media
from ringback.messages.incoming import receive_message
from ringback.messages.message import Message
from ringback.service.media import from_data_url
from ringback.state import State
from ringback.web.handset_request import destination, find_handset
from ringback.web.json_requests import RequestRefused, read_json, text_field

MAX_BODY_CHARACTERS = 1600
MAX_MEDIA = 10


async def list_texts(state: State, request: web.Request) -> web.Response:
    return web.json_response({"texts": [text.as_json() for text in find_handset(state, request).texts]})


async def send_text(state: State, request: web.Request) -> web.Response:
    fields = await read_json(request, "to", "body", "media_url")
    handset = find_handset(state, request)
    body, urls, to = text_field(fields, "body"), _media_urls(fields), destination(state, handset.number, fields)
    if not (is_message_address(handset.number) and is_message_address(to)):
        raise RequestRefused(400, "A SIP address can only make and take calls.")
    if not body and not urls:
        raise RequestRefused(400, "A text needs a body or a media_url.")
    if len(body) > MAX_BODY_CHARACTERS:
        raise RequestRefused(
            400, f"A text can have at most {MAX_BODY_CHARACTERS} characters. This one has {len(body)}."
        )
    message = _text(state, handset, to, body, urls)
    state.messages[message.sid] = message
    state.add_to_handset(message)
    state.spawn(_deliver(state, message))
    return web.json_response(message.as_json(), status=201)


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
        hidden=state.own_number(to) is None,  # the app takes no part in a text between two handsets
    )
    message.media_urls = [url for url in urls if not url.startswith("data:")]
    for url in urls:
        if url.startswith("data:"):
            media = from_data_url(url, state.clock.now())
            if media is None:
                raise RequestRefused(400, "media_url: a data URL is invalid or larger than 5 MB.")
            attach(state, message, media)
    return message


async def _deliver(state: State, message: Message) -> None:
    """Deliver a text to the app if it owns the number, otherwise to the other handset."""
    if number := state.own_number(message.to):
        return await receive_message(state, message, number)
    await fetch_all_media(state, message)
    now = state.clock.now()
    copy = Message(message.account, message.from_, message.to, message.body, "outbound-api", message.to, now)
    copy.status, copy.media = "delivered", message.media
    state.add_to_handset(copy)


def _media_urls(fields: dict[str, Any]) -> list[str]:
    urls = fields.get("media_url") or []
    urls = [urls] if isinstance(urls, str) else urls
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls) or len(urls) > MAX_MEDIA:
        raise RequestRefused(400, f"media_url must be a URL, or a list of at most {MAX_MEDIA} URLs.")
    for url in urls:
        if not url.lower().startswith(("http://", "https://", "data:")):
            raise RequestRefused(400, f"media_url must be an http, https or data URL, not {url[:80]!r}.")
    return urls
