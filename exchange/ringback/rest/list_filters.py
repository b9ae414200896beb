"""Filters of lists: `DateSent>=2026-01-01` and its kind."""

from __future__ import annotations

from datetime import datetime, timedelta

from ringback.rest.api_request import ApiRequest
from ringback.service.dates import read_date


def matches_dates(request: ApiRequest, name: str, moment: datetime | None) -> bool:
    """Does a moment lie where the filters on that name want it?

    A bare date means that whole day, in UTC; so does midnight, where it is asked for exactly: SDKs write dates so."""
    for sign in ("", "<", ">"):
        written = request.query.get(name + sign)
        bound = read_date(written) if written else None
        if bound is None:
            continue
        if moment is None or not _fits(sign, moment, bound, whole_day=_is_day(sign, written or "")):
            return False
    return True


def _is_day(sign: str, written: str) -> bool:
    return "T" not in written.upper() or (not sign and written.upper().endswith("T00:00:00Z"))


def _fits(sign: str, moment: datetime, bound: datetime, whole_day: bool) -> bool:
    moment = moment.replace(microsecond=0)
    end = bound + timedelta(days=1) if whole_day else bound
    if sign == "<":
        return moment < end if whole_day else moment <= bound
    if sign == ">":
        return moment >= bound
    return bound <= moment < end if whole_day else moment == bound


def matches(request: ApiRequest, name: str, value: str) -> bool:
    wanted = request.query.get(name)
    return not wanted or wanted == value
