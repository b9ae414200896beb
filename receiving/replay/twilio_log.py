"""Twilio's lists of texts and calls, read as the webhooks it sent for them: https://www.twilio.com/docs/usage/api."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

import requests
from twilio.base.exceptions import TwilioException

from masking import mask
from receiving.delivery import Delivery
from receiving.replay.log_entry import LogEntry, call_key, text_key
from receiving.samples import FORM_CONTENT_TYPE
from sending.http.retry import GaveUp, RetryableError, parse_retry_after, with_retries
from sending.twilio import TwilioGateway
from workers.calls import FINAL_STATUSES

PAGE_SIZE = 200  # rows of one page
MAX_ROWS = 1_000  # rows of one list

Sleep = Callable[[float], object]


def list_texts(phone: TwilioGateway, since: float, until: float, sleep: Sleep = time.sleep) -> Iterator[LogEntry]:
    """The texts people sent to our number in this time, newest first. Raises GaveUp."""
    ours = phone.settings.twilio_phone_number
    between = {"date_sent_after": _to_datetime(since), "date_sent_before": _to_datetime(until + 1)}
    for message in _rows(phone.client.messages, sleep, to=ours, **between):
        if message.direction == "inbound":
            at = _to_timestamp(message.date_sent or message.date_created)
            line = f"a text from {mask(message.from_ or '')}"
            yield LogEntry(
                "twilio", text_key(message.sid), at, line, partial(_make_delivery, "/sms", _sms_params(message))
            )


def list_calls(phone: TwilioGateway, since: float, until: float, sleep: Sleep = time.sleep) -> Iterator[LogEntry]:
    """The calls to our number that began in this time and are over: the webhook that says so. Raises GaveUp."""
    ours = phone.settings.twilio_phone_number
    between = {"start_time_after": _to_datetime(since), "start_time_before": _to_datetime(until + 1)}
    for call in _rows(phone.client.calls, sleep, to=ours, **between):
        if call.direction == "inbound" and call.status in FINAL_STATUSES:
            at = _to_timestamp(call.end_time or call.date_created)
            line = f"the end of a call from {mask(call._from or '')} ({call.status}, {call.duration or 0} s)"
            yield LogEntry(
                "twilio", call_key(call.sid), at, line, partial(_make_delivery, "/voice/status", _call_end_params(call))
            )


def _rows(listed: Any, sleep: Sleep, **asked: Any) -> Iterator[Any]:
    page = with_retries(lambda: _page(lambda: listed.page(page_size=PAGE_SIZE, **asked)), sleep)
    for number, row in enumerate(_iterate_pages(page, sleep)):
        if number == MAX_ROWS:
            raise GaveUp(f"Twilio's list has more than {MAX_ROWS:,} rows in this time: ask for a shorter one")
        yield row


def _iterate_pages(page: Any, sleep: Sleep) -> Iterator[Any]:
    while page is not None:
        yield from page
        page = with_retries(lambda last=page: _page(last.next_page), sleep)  # type: ignore[misc]


def _page(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except requests.exceptions.RequestException as trouble:
        raise RetryableError(f"Twilio could not be reached ({type(trouble).__name__})") from trouble
    except TwilioException as trouble:
        status, headers = _status_and_headers(trouble)
        if status == 429 or status >= 500:
            raise RetryableError(
                f"Twilio answered {status}", parse_retry_after(headers.get("Retry-After", ""))
            ) from trouble
        raise GaveUp(f"Twilio answered {status or trouble}: are TWILIO_ACCOUNT_SID and its token right?") from trouble


def _status_and_headers(trouble: TwilioException) -> tuple[int, dict[str, str]]:
    """The status and headers of the answer; the client keeps them in one of two ways."""
    answer = trouble.args[1] if len(trouble.args) > 1 else trouble
    status = getattr(answer, "status_code", None) or getattr(answer, "status", None) or 0
    return int(status), getattr(answer, "headers", None) or {}


def _sms_params(message: Any) -> dict[str, Any]:
    sids = {"MessageSid": message.sid, "SmsSid": message.sid, "SmsMessageSid": message.sid}
    facts = {"SmsStatus": "received", "Body": message.body or "", "NumMedia": message.num_media or "0"}
    service = {"MessagingServiceSid": message.messaging_service_sid} if message.messaging_service_sid else {}
    more = {"NumSegments": message.num_segments or "1", "From": message.from_, "To": message.to}
    return {**sids, **facts, **service, **more, "AccountSid": message.account_sid, "ApiVersion": "2010-04-01"}


def _call_end_params(call: Any) -> dict[str, Any]:
    who = {"CallSid": call.sid, "AccountSid": call.account_sid, "From": call._from, "To": call.to, "Caller": call._from}
    how = {"CallStatus": call.status, "CallDuration": call.duration or "0", "Direction": "inbound", "Called": call.to}
    at = {"Timestamp": format_datetime(call.end_time)} if call.end_time else {}
    return {**who, **how, **at, "CallbackSource": "call-progress-events", "ApiVersion": "2010-04-01"}


def _make_delivery(path: str, fields: dict[str, Any]) -> Delivery:
    return Delivery(
        "POST", path, {"content-type": FORM_CONTENT_TYPE, "user-agent": "TwilioProxy/1.1"}, urlencode(fields).encode()
    )


def _to_datetime(moment: float) -> datetime:
    return datetime.fromtimestamp(int(moment), UTC)


def _to_timestamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
