"""Filters for lists, such as `DateSent>=2026-01-01`."""

from __future__ import annotations

from datetime import datetime, timedelta

from ringback.rest.api_request import ApiRequest
from ringback.service.dates import read_date


def matches_dates(request: ApiRequest, name: str, moment: datetime | None) -> bool:
    """Whether the moment matches the filters with this name: `name=`, `name<=` and `name>=`.

    A date without a time means the whole day in UTC. So does midnight in `name=`, because SDKs send dates that way."""
    for sign in ("", "<", ">"):
        text = request.query.get(name + sign, "")
        bound = read_date(text)
        if bound is None:
            continue
        if moment is None or not _is_within(sign, moment, bound, whole_day=_is_whole_day(sign, text)):
            return False
    return True


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


def matches(request: ApiRequest, name: str, value: str) -> bool:
    """Whether the query has no filter with this name, or one with exactly this value."""
    expected = request.query.get(name)
    return not expected or expected == value
