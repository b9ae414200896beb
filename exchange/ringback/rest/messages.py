"""The Message and Media resources."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ringback.evidence import documented
from ringback.messages.delivery import cancel, schedule, send
from ringback.messages.message import SENDER_UNDECIDED, Message
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.list_filters import select
from ringback.rest.message_parameters import (
    is_service,
    media_urls,
    messaging_service,
    recipient,
    scheduled_time,
    sender,
    service_sender,
    template_text,
)
from ringback.rest.paging import page
from ringback.service.dates import rfc2822
from ringback.service.media import Media
from ringback.state import State

EVIDENCE = documented("messaging/api/message-resource")

MAX_CHARACTERS = 1600
MAX_QUEUE_SECONDS = 36_000


def create(request: ApiRequest) -> dict[str, Any]:
    state = request.state
    to, service = recipient(request), messaging_service(request)
    has_sender = bool(request.text("From")) and not is_service(request.text("From"))
    from_ = sender(request, to) if has_sender or not service else service_sender(state, service, to)
    media = media_urls(request)
    template = template_text(request)
    body = request.text("Body") if template is None else template
    if not body and not media:
        raise RestError(21619 if request.has("Body") and request.has("MediaUrl") else 21602)
    if len(body) > MAX_CHARACTERS:
        raise RestError(21617)
    parameters.whole_number(request, "ValidityPeriod", 36000, 21624, 1, 36000)
    if state.opt_outs.has_opted_out(to, from_):
        raise RestError(21610, detail=to)
    if state.message_rate.backlog(from_) > MAX_QUEUE_SECONDS:
        raise RestError(21611, number=from_)
    send_at = scheduled_time(request, service)
    message = Message(
        account=request.account,
        from_=from_,
        to=to,
        body=body,
        direction="outbound-api",
        handset=to,
        created=state.clock.now(),
        status="queued" if has_sender else "accepted",
        media_urls=media,
        service=service,
        is_template=template is not None,
        callback=parameters.url(request, "StatusCallback", 21609) or _service_callback(state, service),
    )
    return as_resource(schedule(state, message, send_at) if send_at else send(state, message))


def _service_callback(state: State, sid: str | None) -> str:
    service = state.messaging_services.get(sid or "")
    return service.status_callback if service else ""


def list_all(request: ApiRequest) -> dict[str, Any]:
    rows = select(
        request,
        [message for message in reversed(request.state.messages.values()) if not message.hidden],
        {"To": lambda message: message.to, "From": lambda message: message.from_},
        {"DateSent": lambda message: message.created if message.is_inbound else message.sent or message.created},
    )
    return page(request, "messages", rows, as_resource)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return as_resource(_message(request))


def update(request: ApiRequest) -> dict[str, Any]:
    """`Body=` redacts a message, and `Status=canceled` cancels a scheduled one."""
    message = _message(request)
    if request.text("Status") == "canceled":
        if message.status != "scheduled":
            raise RestError(30409)
        cancel(request.state, message)
    if request.has("Body") and not request.text("Body"):
        message.is_redacted = True
    return as_resource(message)


def delete(request: ApiRequest) -> None:
    message = _message(request)
    if message.status in ("scheduled", "accepted", "queued", "sending"):
        raise RestError(20009)
    del request.state.messages[message.sid]


def list_media(request: ApiRequest) -> dict[str, Any]:
    return page(request, "media_list", _stored_media(_message(request)), _media_resource)


def fetch_media(request: ApiRequest) -> dict[str, Any]:
    return _media_resource(_one_media(request))


def delete_media(request: ApiRequest) -> None:
    _one_media(request).is_deleted = True


async def download_media(state: State, request: web.Request) -> web.Response:
    """The media file. No authentication is required, as in a new Twilio account."""
    message = state.messages.get(request.match_info["sid"])
    for media in _stored_media(message) if message else []:
        if media.sid == request.match_info["media"]:
            headers = {"Content-Type": media.content_type, "Content-Security-Policy": "sandbox"}
            return web.Response(body=media.body, headers=headers)
    return not_found(request.path).response()


def _media_resource(media: Media) -> dict[str, Any]:
    return {
        "account_sid": media.account,
        "content_type": media.content_type,
        "date_created": rfc2822(media.created),
        "date_updated": rfc2822(media.created),
        "parent_sid": media.parent,
        "sid": media.sid,
        "uri": f"{media.rest_path}.json",
    }


def _message(request: ApiRequest) -> Message:
    message = request.state.messages.get(request.path("sid"))
    if message is None or message.hidden:
        raise not_found(request.http.path)
    return message


def _one_media(request: ApiRequest) -> Media:
    for media in _stored_media(_message(request)):
        if media.sid == request.path("media"):
            return media
    raise not_found(request.http.path)


def _stored_media(message: Message) -> list[Media]:
    """The media that the app has not deleted."""
    return [media for media in message.media if not media.is_deleted]


def as_resource(message: Message) -> dict[str, Any]:
    path = f"/2010-04-01/Accounts/{message.account}/Messages/{message.sid}"
    has_sender = message.status not in SENDER_UNDECIDED
    return {
        "account_sid": message.account,
        "api_version": "2010-04-01",
        "body": "" if message.is_redacted else message.body,
        "date_created": rfc2822(message.created),
        "date_sent": rfc2822(message.created if message.is_inbound else message.sent),
        "date_updated": rfc2822(message.updated),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": message.error_message,
        "from": message.from_ if has_sender else None,
        "messaging_service_sid": message.service,
        "num_media": str(message.num_media),
        "num_segments": str(message.num_segments) if has_sender else "0",
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{path}/Media.json", "feedback": f"{path}/Feedback.json"},
        "tags": None,
        "to": message.to,
        "uri": f"{path}.json",
    }
