"""Formats and parses dates the way Twilio does.

https://www.twilio.com/docs/voice/twiml (2026-11)"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime


def rfc2822(moment: datetime | None) -> str | None:
    """`Fri, 20 Aug 2010 01:13:42 +0000`"""
    return format_datetime(moment.astimezone(UTC)) if moment else None


def iso8601(moment: datetime | None) -> str | None:
    """`2010-08-20T01:13:42Z`, the format of the newer APIs. Twilio's SDKs do not parse fractions of a second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def read_date(text: str) -> datetime | None:
    """Parses a date or time (`2026-01-31`, `2026-01-31T10:00:00Z`), UTC by default. Returns None if it is invalid."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def iso8601_milliseconds(moment: datetime | None) -> str | None:
    """`2010-08-20T01:13:42.125Z`, the format of the handset and developer APIs."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
