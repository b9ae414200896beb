"""Reads and validates the parameters of messages. Every function may raise RestError.

https://www.twilio.com/docs/messaging/api/message-resource (2026-11)"""

from __future__ import annotations

from datetime import datetime

from ringback.account.message_templates import parse_variables, unknown_template_text
from ringback.account.phone_numbers import E164, dialable_number, is_message_address, is_sender_id, is_whatsapp
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError
from ringback.service.dates import read_date
from ringback.service.sids import SID
from ringback.state import State

MAX_MEDIA = 10
MIN_SCHEDULE_SECONDS, MAX_SCHEDULE_SECONDS = 300, 35 * 24 * 3600  # how far in advance a message can be scheduled


def recipient(request: ApiRequest) -> str:
    to = dialable_number(request.text("To"))
    if not to:
        raise RestError(21604)
    if not is_message_address(to) or (
        E164.fullmatch(to.removeprefix("whatsapp:")) and len(to.removeprefix("whatsapp:")) < 8
    ):
        raise RestError(21211, number=request.text("To"))
    return to


def messaging_service(request: ApiRequest) -> str | None:
    """The SID of the Messaging Service, in MessagingServiceSid or From. Any well-formed SID is accepted."""
    sid = request.text("MessagingServiceSid").strip()
    if sid and not is_service(sid):
        raise RestError(21705, detail=sid[:40])
    return sid or (request.text("From").strip() if is_service(request.text("From")) else None)


def is_service(text: str) -> bool:
    return text.strip().startswith("MG") and bool(SID.fullmatch(text.strip()))


def scheduled_time(request: ApiRequest, service: str | None) -> datetime | None:
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
    moment = read_date(text)
    ahead = moment.timestamp() - request.state.clock.time() if moment else 0
    if moment is None or not MIN_SCHEDULE_SECONDS <= ahead <= MAX_SCHEDULE_SECONDS:
        raise RestError(35114, detail=text[:40])
    return moment


def sender(request: ApiRequest, to: str) -> str:
    """One of the app's numbers, or an alphanumeric sender ID."""
    from_, sender_id = dialable_number(request.text("From")), request.text("From").strip()
    if not from_:
        raise RestError(21603)
    if is_sender_id(sender_id):
        if to.startswith("+1"):  # a sender ID cannot reach numbers in the North American numbering plan
            raise RestError(21612, number=to)
        return sender_id
    if not is_message_address(from_):
        raise RestError(21212, number=request.text("From"))
    if is_whatsapp(from_) != is_whatsapp(to):
        raise RestError(21910, detail=f"{from_} and {to}")
    if not request.state.own_number(from_):
        raise RestError(63007, detail=from_) if is_whatsapp(from_) else RestError(21606, number=from_)
    return from_


def service_sender(state: State, sid: str, to: str) -> str:
    """Returns the number that a Messaging Service sends from; the account's first number if the service is unknown."""
    service = state.messaging_services.get(sid)
    number = service.sender(to, state.numbers.values()) if service else next(iter(state.numbers), None)
    if number is None:
        raise RestError(21704)
    return f"whatsapp:{number}" if is_whatsapp(to) else number


def template_text(request: ApiRequest) -> str | None:
    """The text of the template in ContentSid, or None if there is no ContentSid. Any well-formed SID is accepted."""
    sid, variables = request.text("ContentSid").strip(), parse_variables(request.text("ContentVariables"))
    if not sid:
        return None
    if not (sid.startswith("HX") and SID.fullmatch(sid)):
        raise RestError(21655, detail=sid[:40])
    if variables is None:
        raise RestError(21656)
    template = request.state.templates.get(sid)
    return template.text(variables) if template else unknown_template_text(sid, variables)


def media_urls(request: ApiRequest) -> list[str]:
    urls = [url.strip() for url in request.texts("MediaUrl") if url.strip()]
    if len(urls) > MAX_MEDIA:
        raise RestError(21623)
    for url in urls:
        if not parameters.is_url(url):
            raise RestError(21620, detail=url[:200])
    return urls
