"""The Alert resource of monitor.twilio.com: the debugger's alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from ringback.evidence import documented
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import not_found
from ringback.rest.list_filters import date_parameter
from ringback.rest.paging import page_with_meta
from ringback.service.dates import iso8601

EVIDENCE = documented("usage/monitor-alert")


@dataclass(frozen=True)
class AlertRow:
    """An alert, with its SID as an attribute because paging needs it."""

    sid: str
    alert: dict[str, Any]


def list_all(request: ApiRequest) -> dict[str, Any]:
    """All alerts, newest first, filtered by LogLevel, StartDate and EndDate."""
    level = request.query.get("LogLevel")
    start, end = date_parameter(request, "StartDate"), date_parameter(request, "EndDate")
    rows = [
        row
        for row in _rows(request)
        if level in (None, row.alert["level"])
        and (start is None or _at(row) >= start)
        and (end is None or _at(row) <= end)
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
    webhook, response = alert["request"] or {}, alert["answer"] or {}
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
        "response_body": response.get("body"),
        "response_headers": urlencode(response.get("headers", {})),
        "service_sid": None,
        "sid": row.sid,
        "url": f"https://monitor.twilio.com/v1/Alerts/{row.sid}",
    }
