"""Twilio's lists of texts and calls, converted to the webhooks it sent: https://www.twilio.com/docs/usage/api."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

import requests
from twilio.base.exceptions import TwilioException

from masking import mask
from receiving.delivery import FORM_CONTENT_TYPE, Delivery
from receiving.replay.provider_log_entry import LogEntry, Sleep, call_key, text_key
from sending.http.retry import GaveUp, RetryableError, parse_retry_after, with_retries
from sending.twilio.gateway import TwilioGateway
from workers.call_state import FINAL_STATUSES

PAGE_SIZE = 200
MAX_ROWS = 1_000  # per address
CHANNELS = ("", "whatsapp:")


def list_texts(gateway: TwilioGateway, since: float, until: float, sleep: Sleep = time.sleep) -> Iterator[LogEntry]:
    """Yield the texts sent to our numbers between two Unix timestamps, newest first for each number. Raises GaveUp."""
    window = {"date_sent_after": _to_datetime(since), "date_sent_before": _to_datetime(until + 1)}
    addresses = [channel + number for number in gateway.settings.twilio_phone_number for channel in CHANNELS]
    for message in _rows_for_each(addresses, gateway.client.messages, sleep, window):
        if message.direction == "inbound":
            sent_at = _to_timestamp(message.date_sent or message.date_created)
            summary = f"a text from {mask(message.from_ or '')}"
            fetch = partial(_make_delivery, "/sms", _sms_params(message))
            yield LogEntry("twilio", text_key(message.sid), sent_at, summary, fetch, message.from_ or "")


def list_calls(gateway: TwilioGateway, since: float, until: float, sleep: Sleep = time.sleep) -> Iterator[LogEntry]:
    """Yield the final status callbacks of calls to our numbers that started between two timestamps. Raises GaveUp."""
    window = {"start_time_after": _to_datetime(since), "start_time_before": _to_datetime(until + 1)}
    for call in _rows_for_each(gateway.settings.twilio_phone_number, gateway.client.calls, sleep, window):
        if call.direction == "inbound" and call.status in FINAL_STATUSES:
            sent_at = _to_timestamp(call.end_time or call.date_created)
            summary = f"the end of a call from {mask(call._from or '')} ({call.status}, {call.duration or 0} s)"
            fetch = partial(_make_delivery, "/voice/status", _call_end_params(call))
            yield LogEntry("twilio", call_key(call.sid), sent_at, summary, fetch, call._from or "")


def _rows_for_each(addresses: Iterable[str], resource: Any, sleep: Sleep, window: dict[str, datetime]) -> Iterator[Any]:
    for address in addresses:
        yield from _rows(resource, sleep, to=address, **window)


def _rows(resource: Any, sleep: Sleep, **filters: Any) -> Iterator[Any]:
    page = with_retries(lambda: _page(lambda: resource.page(page_size=PAGE_SIZE, **filters)), sleep)
    for number, row in enumerate(_iterate_pages(page, sleep)):
        if number == MAX_ROWS:
            raise GaveUp(f"Twilio lists more than {MAX_ROWS:,}: choose a shorter window")
        yield row


def _iterate_pages(page: Any, sleep: Sleep) -> Iterator[Any]:
    while page is not None:
        yield from page
        page = with_retries(lambda last=page: _page(last.next_page), sleep)  # type: ignore[misc]


def _page(request: Callable[[], Any]) -> Any:
    try:
        return request()
    except requests.exceptions.RequestException as error:
        raise RetryableError(f"Twilio could not be reached ({type(error).__name__})") from error
    except TwilioException as error:
        status, headers = _status_and_headers(error)
        if status == 429 or status >= 500:
            after = parse_retry_after(headers.get("Retry-After", ""))
            raise RetryableError(f"Twilio returned {status}", after) from error
        hint = "are TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN right?"
        raise GaveUp(f"Twilio returned {status or error}: {hint}") from error


def _status_and_headers(error: TwilioException) -> tuple[int, dict[str, str]]:
    """Return the response's status and headers, which twilio-python stores in the error or its second argument."""
    response = error.args[1] if len(error.args) > 1 else error
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    return int(status), getattr(response, "headers", None) or {}


def _sms_params(message: Any) -> dict[str, Any]:
    service = {"MessagingServiceSid": message.messaging_service_sid} if message.messaging_service_sid else {}
    return {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsMessageSid": message.sid,
        "SmsStatus": "received",
        "Body": message.body or "",
        "NumMedia": message.num_media or "0",
        **service,
        "NumSegments": message.num_segments or "1",
        "From": message.from_,
        "To": message.to,
        "AccountSid": message.account_sid,
        "ApiVersion": "2010-04-01",
    }


def _call_end_params(call: Any) -> dict[str, Any]:
    timestamp = {"Timestamp": format_datetime(call.end_time)} if call.end_time else {}
    return {
        "CallSid": call.sid,
        "AccountSid": call.account_sid,
        "From": call._from,
        "To": call.to,
        "Caller": call._from,
        "Called": call.to,
        "CallStatus": call.status,
        "CallDuration": call.duration or "0",
        "Direction": "inbound",
        **timestamp,
        "CallbackSource": "call-progress-events",
        "ApiVersion": "2010-04-01",
    }


def _make_delivery(path: str, params: dict[str, Any]) -> Delivery:
    headers = {"content-type": FORM_CONTENT_TYPE, "user-agent": "TwilioProxy/1.1"}
    return Delivery("POST", path, headers, urlencode(params).encode())


def _to_datetime(timestamp: float) -> datetime:
    return datetime.fromtimestamp(int(timestamp), UTC)


def _to_timestamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
