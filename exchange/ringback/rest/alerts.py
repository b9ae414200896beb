"""The debugger's alerts over REST: monitor.twilio.com."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.rest.paging import page_with_meta
from ringback.service.dates import iso8601, read_date


@dataclass(frozen=True)
class AlertRow:
    """An alert of the debugger, by the sid that REST knows it by."""

    sid: str
    alert: dict[str, Any]


def list_all(request: ApiRequest) -> dict[str, Any]:
    """Newest first; between StartDate and EndDate, and of one LogLevel, where those are given."""
    level, first, last = (
        request.query.get("LogLevel"),
        request.query.get("StartDate", ""),
        request.query.get("EndDate", ""),
    )
    since, until = read_date(first), read_date(last)
    rows = [
        row
        for row in _rows(request)
        if level in (None, row.alert["level"])
        and (since is None or _at(row) >= since)
        and (until is None or _at(row) <= until)
    ]
    return page_with_meta(request, "alerts", rows, partial(_resource, request))


def fetch(request: ApiRequest) -> dict[str, Any]:
    for row in _rows(request):
        if row.sid == request.path("sid"):
            return _resource(request, row)
    raise not_found(request.http.path)


def _rows(request: ApiRequest) -> list[AlertRow]:
    return [AlertRow(alert["alert_sid"], alert) for alert in reversed(request.state.debugger.alerts)]


def _at(row: AlertRow) -> datetime:
    return datetime.fromisoformat(row.alert["at"])


def _resource(request: ApiRequest, row: AlertRow) -> dict[str, Any]:
    alert = row.alert
    date = iso8601(_at(row))
    webhook, answer = alert["request"] or {}, alert["answer"] or {}
    parameters = {"Msg": alert["message"], "ErrorCode": alert["code"], "LogLevel": alert["level"].upper()}
    return {
        "account_sid": request.account,
        "alert_text": urlencode(parameters),
        "api_version": "2010-04-01",
        "date_created": date,
        "date_generated": date,
        "date_updated": date,
        "error_code": str(alert["code"]),
        "log_level": alert["level"],
        "more_info": alert["more_info"],
        "request_headers": None,
        "request_method": webhook.get("method"),
        "request_url": webhook.get("url"),
        "request_variables": urlencode(webhook.get("parameters", [])),
        "resource_sid": alert["sid"] or None,
        "response_body": answer.get("body"),
        "response_headers": urlencode(answer.get("headers", {})),
        "service_sid": None,
        "sid": row.sid,
        "url": f"https://monitor.twilio.com/v1/Alerts/{row.sid}",
    }
