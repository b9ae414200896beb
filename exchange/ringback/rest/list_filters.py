"""Filters for lists, such as `Status=busy` or `DateSent>=2026-01-01`.

https://www.twilio.com/docs/voice/api/call-resource (2026-11)"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError
from ringback.service.dates import read_date

Row = TypeVar("Row")


def select(
    request: ApiRequest,
    rows: Iterable[Row],
    exact: Mapping[str, Callable[[Row], str]],
    dates: Mapping[str, Callable[[Row], datetime | None]] | None = None,
) -> list[Row]:
    """The rows that match the filters in the query. Raises RestError if a date is invalid.

    `exact` and `dates` map a filter's name to a function that returns a row's value. Date filters have the forms
    `name=`, `name<=` and `name>=`. A date without a time means the whole day in UTC. In `name=`, midnight does
    too, because SDKs send dates as midnight."""
    tests = [_equals(value, expected) for name, value in exact.items() if (expected := request.query.get(name))]
    for name, moment_of in (dates or {}).items():
        for sign in ("", "<", ">"):
            if bound := date_parameter(request, name + sign):
                whole_day = _is_whole_day(sign, request.query.get(name + sign))
                tests.append(partial(_matches_date, moment_of, sign, bound, whole_day))
    return [row for row in rows if all(test(row) for test in tests)]


def date_parameter(request: ApiRequest, name: str) -> datetime | None:
    """The date in the query, or None if it is missing. Raises RestError if it is invalid."""
    text = request.query.get(name, "")
    moment = read_date(text)
    if text and moment is None:
        raise RestError(20001, message=f"{name} must be a date such as 2026-01-31, not {text[:40]!r}")
    return moment


def _equals(value_of: Callable[[Row], str], expected: str) -> Callable[[Row], bool]:
    return lambda row: value_of(row) == expected


def _matches_date(
    moment_of: Callable[[Row], datetime | None], sign: str, bound: datetime, whole_day: bool, row: Row
) -> bool:
    moment = moment_of(row)
    return moment is not None and _is_within(sign, moment, bound, whole_day)


def _is_whole_day(sign: str, text: str) -> bool:
    return "T" not in text.upper() or (not sign and text.upper().endswith("T00:00:00Z"))


def _is_within(sign: str, moment: datetime, bound: datetime, whole_day: bool) -> bool:
    moment = moment.replace(microsecond=0)
    end = bound + timedelta(days=1) if whole_day else bound
    if sign == "<":
        return moment < end if whole_day else moment <= bound
    if sign == ">":
        return moment >= bound
    return bound <= moment < end if whole_day else moment == bound
