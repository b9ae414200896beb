"""The Message and Media resources."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from ringback.account.phone_numbers import E164, is_handset_address, is_sender_id, normalize_number
from ringback.messages.delivery import cancel, schedule, send
from ringback.messages.message import SENDER_UNDECIDED, Message
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.list_filters import select
from ringback.rest.paging import page
from ringback.service.dates import read_date, rfc2822
from ringback.service.media import Media
from ringback.service.sids import SID
from ringback.state import State

MAX_CHARACTERS = 1600
MAX_MEDIA = 10
MAX_QUEUE_SECONDS = 36_000
MIN_SCHEDULE_SECONDS, MAX_SCHEDULE_SECONDS = 300, 35 * 24 * 3600  # how far in advance a message can be scheduled


def create(request: ApiRequest) -> dict[str, Any]:
    state = request.state
    to, service = _to(request), _service(request)
    has_sender = bool(request.text("From")) and not _is_service(request.text("From"))
    from_ = _from(request, to) if has_sender or not service else next(iter(state.numbers))
    media = _media(request)
    body = request.text("Body")
    if not body and not media:
        raise RestError(21619 if request.has("Body") and request.has("MediaUrl") else 21602)
    if len(body) > MAX_CHARACTERS:
        raise RestError(21617)
    parameters.whole_number(request, "ValidityPeriod", 36000, 21624, 1, 36000)
    if state.opt_outs.has_opted_out(to, from_):
        raise RestError(21610, detail=to)
    if state.message_rate.backlog(from_) > MAX_QUEUE_SECONDS:
        raise RestError(21611, number=from_)
    send_at = _send_at(request, service)
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
        callback=parameters.url(request, "StatusCallback", 21609),
    )
    return as_resource(schedule(state, message, send_at) if send_at else send(state, message))


def _to(request: ApiRequest) -> str:
    to = normalize_number(request.text("To"))
    if not to:
        raise RestError(21604)
    if not is_handset_address(to) or (E164.fullmatch(to) and len(to) < 8):
        raise RestError(21211, number=request.text("To"))
    return to


def _service(request: ApiRequest) -> str | None:
    """The SID of the Messaging Service, which From can be too. Any well-formed SID is accepted."""
    sid = request.text("MessagingServiceSid").strip()
    if sid and not _is_service(sid):
        raise RestError(21705, detail=sid[:40])
    return sid or (request.text("From").strip() if _is_service(request.text("From")) else None)


def _is_service(text: str) -> bool:
    return text.strip().startswith("MG") and bool(SID.fullmatch(text.strip()))


def _send_at(request: ApiRequest, service: str | None) -> datetime | None:
    """The time at which to send a scheduled message, or None if the message is not scheduled."""
    schedule_type, text = request.text("ScheduleType").strip(), request.text("SendAt").strip()
    if not schedule_type and not text:
        return None
    if schedule_type != "fixed":
        raise RestError(35126, detail=schedule_type[:40] or "(missing)")
    if not service:
        raise RestError(35118)
    if not text:
        raise RestError(35111)
    send_at = read_date(text)
    ahead = send_at.timestamp() - request.state.clock.time() if send_at else 0
    if send_at is None or not MIN_SCHEDULE_SECONDS <= ahead <= MAX_SCHEDULE_SECONDS:
        raise RestError(35114, detail=text[:40])
    return send_at


def _from(request: ApiRequest, to: str) -> str:
    """One of the app's numbers, or an alphanumeric sender ID."""
    from_, sender_id = normalize_number(request.text("From")), request.text("From").strip()
    if not from_:
        raise RestError(21603)
    if is_sender_id(sender_id):
        if to.startswith("+1"):  # a sender ID reaches no number in the North American numbering plan
            raise RestError(21612, number=to)
        return sender_id
    if not is_handset_address(from_):
        raise RestError(21212, number=request.text("From"))
    if from_ not in request.state.numbers:
        raise RestError(21606, number=from_)
    return from_


def _media(request: ApiRequest) -> list[str]:
    urls = [url.strip() for url in request.texts("MediaUrl") if url.strip()]
    if len(urls) > MAX_MEDIA:
        raise RestError(21623)
    for url in urls:
        if not parameters.is_url(url):
            raise RestError(21620, detail=url[:200])
    return urls


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
        message.body = ""
    return as_resource(message)


def delete(request: ApiRequest) -> None:
    message = _message(request)
    if message.status in ("scheduled", "accepted", "queued", "sending"):
        raise RestError(20009)
    del request.state.messages[message.sid]


def list_media(request: ApiRequest) -> dict[str, Any]:
    return page(request, "media_list", _message(request).media, _media_resource)


def fetch_media(request: ApiRequest) -> dict[str, Any]:
    return _media_resource(_one_media(request))


def delete_media(request: ApiRequest) -> None:
    media = _one_media(request)
    _message(request).media.remove(media)


async def download_media(state: State, request: web.Request) -> web.Response:
    """The media file. No authentication is required, as in a new account."""
    message = state.messages.get(request.match_info["sid"])
    for media in message.media if message else []:
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
    for media in _message(request).media:
        if media.sid == request.path("media"):
            return media
    raise not_found(request.http.path)


def as_resource(message: Message) -> dict[str, Any]:
    path = f"/2010-04-01/Accounts/{message.account}/Messages/{message.sid}"
    has_sender = message.status not in SENDER_UNDECIDED
    return {
        "account_sid": message.account,
        "api_version": "2010-04-01",
        "body": message.body,
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
