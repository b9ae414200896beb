"""The debugger: the errors and warnings that Twilio would report, each with the request, the response and the fix."""

from __future__ import annotations

from collections import deque
from typing import Any

from ringback.service.clock import Clock
from ringback.service.dates import iso8601_milliseconds
from ringback.service.error_codes import ERROR_CODES, message_of
from ringback.service.live_feed import Feed
from ringback.service.sids import new_sid

MAX_ALERTS = 1000
DOCS_URL = "https://www.twilio.com/docs/api/errors/"  # followed by the code (2026-11)


class Debugger:
    """`alerts` contains the newest 1,000 alerts, oldest first. Each alert is also published to the live feed."""

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
        response: dict[str, Any] | None = None,
        line: int | None = None,
        column: int | None = None,
        mend: str = "",
        **values: object,
    ) -> None:
        """Add an alert with Twilio's error `code`.

        `values` fill the message's placeholders. `line` and `column`, from 1, are a position in the response's body.
        `mend` says how to fix the mistake, if the code's own advice does not apply."""
        error = ERROR_CODES[code]
        alert = {
            "alert_sid": new_sid("NO"),
            "code": code,
            "level": error.level,
            "message": message_of(code, **values),
            "mend": mend or error.mend,
            "more_info": f"{DOCS_URL}{code}",
            "sid": sid,
            "handset": handset,
            "request": request,
            "answer": response,
            "line": line,
            "column": column,
            "at": iso8601_milliseconds(self.clock.now()),
        }
        self.alerts.append(alert)
        self.feed.publish("alert", handset, alert)
