"""The debugger: whatever Twilio would warn of or refuse, with what was asked, what was answered and how to mend it."""

from __future__ import annotations

from collections import deque
from typing import Any

from ringback.service.clock import Clock
from ringback.service.dates import iso8601_milliseconds
from ringback.service.error_codes import ERROR_CODES, message_of
from ringback.service.feed import Feed
from ringback.service.sids import new_sid

MAX_ALERTS = 1000
DOCS_URL = "https://www.twilio.com/docs/api/errors/"


class Debugger:
    """Alerts, newest last; each is also sent to the live feed."""

    def __init__(self, clock: Clock, feed: Feed) -> None:
        self.clock, self.feed = clock, feed
        self.alerts: deque[dict[str, Any]] = deque(maxlen=MAX_ALERTS)

    def report(
        self,
        code: int,
        /,
        *,
        sid: str | None = None,
        handset: str | None = None,
        request: dict[str, Any] | None = None,
        answer: dict[str, Any] | None = None,
        line: int | None = None,
        column: int | None = None,
        **blanks: object,
    ) -> None:
        """Note Twilio's `code`; `blanks` fill in its words, and line and column point into the answer."""
        meaning = ERROR_CODES[code]
        alert = {
            "alert_sid": new_sid("NO"),
            "code": code,
            "level": meaning.level,
            "message": message_of(code, **blanks),
            "mend": meaning.mend,
            "more_info": f"{DOCS_URL}{code}",
            "sid": sid,
            "handset": handset,
            "request": request,
            "answer": answer,
            "line": line,
            "column": column,
            "at": iso8601_milliseconds(self.clock.now()),
        }
        self.alerts.append(alert)
        self.feed.publish("alert", handset, alert)
