"""The UsageRecord resource: counts the calls and messages in memory. All prices are 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ringback.calls.call import Call
from ringback.evidence import documented
from ringback.messages.message import Message
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError
from ringback.rest.list_filters import date_parameter
from ringback.rest.paging import page
from ringback.service.dates import iso8601

EVIDENCE = documented("usage/api/usage-record")
CALLS, MESSAGES = "calls", "sms"
# Each category: its description, what it counts, and True for inbound, False for outbound or None for both.
CATEGORIES: dict[str, tuple[str, str, bool | None]] = {
    "calls": ("Voice Minutes", CALLS, None),
    "calls-inbound": ("Inbound Voice Minutes", CALLS, True),
    "calls-outbound": ("Outbound Voice Minutes", CALLS, False),
    "sms": ("SMS", MESSAGES, None),
    "sms-inbound": ("Inbound SMS", MESSAGES, True),
    "sms-outbound": ("Outbound SMS", MESSAGES, False),
    "totalprice": ("Total Price", "", None),
}
Period = tuple[date, date]


@dataclass(frozen=True)
class _Usage:
    """One call or message on `day`. `amount` is the call's minutes or the message's segments."""

    day: date
    kind: str
    is_inbound: bool
    amount: int


def lister(name: str) -> Callable[[ApiRequest], dict[str, Any]]:
    """The list function of one resource: Records, or a subresource such as Records/Daily."""

    def list_all(request: ApiRequest) -> dict[str, Any]:
        return _page(request, PERIODS[name])

    return list_all


def _page(request: ApiRequest, periods: Callable[[date, date, date], list[Period]]) -> dict[str, Any]:
    usage, today = _usage(request), request.state.clock.now().date()
    category = request.query.get("Category", "")
    if category and category not in CATEGORIES:
        raise RestError(20001, message=f"Category must be one of {', '.join(CATEGORIES)}, not {category[:40]!r}")
    first = min((each.day for each in usage), default=today)
    start, end = _day(request, "StartDate") or first, _day(request, "EndDate") or today
    rows = [
        _Record(name, period, [each for each in usage if period[0] <= each.day <= period[1]])
        for period in periods(max(start, first), min(end, today), today)
        for name in CATEGORIES
        if category in ("", name)
    ]
    return page(request, "usage_records", rows, lambda record: record.as_resource(request))


def _day(request: ApiRequest, name: str) -> date | None:
    moment = date_parameter(request, name)
    return moment.date() if moment else None


def _usage(request: ApiRequest) -> list[_Usage]:
    calls: list[Call] = list(request.state.calls.values())
    messages: list[Message] = list(request.state.messages.values())
    return [
        _Usage(call.created.date(), CALLS, call.plan.direction == "inbound", -(-(call.duration() or 0) // 60))
        for call in calls
    ] + [
        _Usage(message.created.date(), MESSAGES, message.is_inbound, message.num_segments)
        for message in messages
        if not message.hidden
    ]


@dataclass(frozen=True)
class _Record:
    category: str
    period: Period
    usage: list[_Usage]

    def as_resource(self, request: ApiRequest) -> dict[str, Any]:
        description, kind, inbound = CATEGORIES[self.category]
        counted = [each for each in self.usage if each.kind == kind and inbound in (None, each.is_inbound)]
        start, end = (day.isoformat() for day in self.period)
        query = f"Category={self.category}&StartDate={start}&EndDate={end}"
        return {
            "account_sid": request.account,
            "api_version": "2010-04-01",
            "as_of": iso8601(request.state.clock.now()),
            "category": self.category,
            "count": str(len(counted)),
            "count_unit": {CALLS: "calls", MESSAGES: "messages"}.get(kind, ""),
            "description": description,
            "end_date": end,
            "price": "0",
            "price_unit": "usd",
            "start_date": start,
            "subresource_uris": {},
            "uri": f"/2010-04-01/Accounts/{request.account}/Usage/Records.json?{query}",
            "usage": str(sum(each.amount for each in counted)),
            "usage_unit": {CALLS: "minutes", MESSAGES: "segments"}.get(kind, "usd"),
        }


def _first_of_month(day: date) -> date:
    return day.replace(day=1)


def _last_month(today: date) -> Period:
    last = _first_of_month(today) - timedelta(days=1)
    return _first_of_month(last), last


def _split(start: date, end: date, next_start: Callable[[date], date]) -> list[Period]:
    """The periods from start to end, newest first; `next_start` returns the first day of the next period."""
    periods = []
    while start <= end:
        following = next_start(start)
        periods.append((start, min(end, following - timedelta(days=1))))
        start = following
    return periods[::-1]


# For each subresource, a function that returns its periods from the first day, the last day and today.
PERIODS: dict[str, Callable[[date, date, date], list[Period]]] = {
    "Records": lambda start, end, today: [(start, end)],
    "Records/AllTime": lambda start, end, today: [(start, end)],
    "Records/Today": lambda start, end, today: [(today, today)],
    "Records/Yesterday": lambda start, end, today: [(today - timedelta(days=1),) * 2],
    "Records/ThisMonth": lambda start, end, today: [(_first_of_month(today), today)],
    "Records/LastMonth": lambda start, end, today: [_last_month(today)],
    "Records/Daily": lambda start, end, today: _split(start, end, lambda day: day + timedelta(days=1)),
    "Records/Monthly": lambda start, end, today: _split(
        start, end, lambda day: _first_of_month(_first_of_month(day) + timedelta(days=31))
    ),
    "Records/Yearly": lambda start, end, today: _split(start, end, lambda day: date(day.year + 1, 1, 1)),
}
