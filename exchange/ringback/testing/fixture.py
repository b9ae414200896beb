"""What the `ringback` fixture gives a test: phones, webhooks, alerts, time and faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ringback.testing.failure_report import DebuggerAlert, SentRequest, describe_everything
from ringback.testing.json_api import Connection, RequestRejected, handset_path
from ringback.testing.phone import Phone

DEFAULT_NUMBER = "+447700900001"  # in the range that Ofcom reserves for fiction
UNTIL_REMOVED = 1_000_000  # how many times a fault may occur while its `with` block runs


class Ringback:
    """A test's view of the Ringback at `origin`. Every wait ends after `limit_seconds`."""

    def __init__(self, origin: str, limit_seconds: float) -> None:
        self.api = Connection(origin, limit_seconds)
        self.phones: dict[str, Phone] = {}
        self.expected_alerts: list[int] = []

    @property
    def origin(self) -> str:
        """Ringback's URL, which serves the phones page and the JSON API."""
        return self.api.origin

    @property
    def number(self) -> str:
        """The app's phone number; the first one if it has several."""
        return str(self.api.get("/handsets")["number"])

    def phone(self, number: str = DEFAULT_NUMBER, **details: Any) -> Phone:
        """The phone with this number. `details` are fields of the JSON API: name, when_called, city, country, …"""
        if details:
            self.api.post(handset_path(number), details)
        return self.phones.setdefault(number, Phone(self.api, number))

    @property
    def requests(self) -> list[SentRequest]:
        """The webhooks that the app has answered or failed to answer, oldest first; at most the last 500."""
        return [SentRequest.from_json(found) for found in self.api.get("/requests")["requests"]]

    @property
    def alerts(self) -> list[DebuggerAlert]:
        """The errors and warnings that Twilio would report, oldest first."""
        return [DebuggerAlert.from_json(found) for found in self.api.get("/debugger")["alerts"]]

    def expects_alert(self, code: int) -> None:
        """Alerts with this code do not fail the test; their absence does. May be called before or after the alert."""
        self.expected_alerts.append(code)

    def time_passes(self, seconds: float) -> None:
        """Move Ringback's clock forward. Pauses and timeouts that become due end in order.

        Before the clock moves, and after each pause or timeout that ends, it waits for the app to answer the requests
        that it has received, for at most five real seconds in total."""
        self.api.post("/clock", {"forward": seconds})

    @contextmanager
    def fault(self, kind: str, **parameters: Any) -> Iterator[None]:
        """Inject a failure while the block runs: docs/coverage.md lists the kinds and their parameters.

        It affects every request that matches; `times=1` limits it to the first. Raises RequestRejected."""
        added = self.api.post("/faults", {"kind": kind, "times": UNTIL_REMOVED} | parameters)
        try:
            yield
        finally:
            with suppress(RequestRejected):  # the fault is gone because it has occurred `times` times
                self.api.delete(f"/faults/{added['id']}")

    def check_alerts(self) -> None:
        """Raises AssertionError if there is an alert that is not expected, or if an expected one is missing."""
        __tracebackhide__ = True
        self.api.settle()
        found = self.alerts
        if unexpected := [str(alert) for alert in found if alert.code not in self.expected_alerts]:
            raise AssertionError("Twilio would have reported:\n  " + "\n  ".join(unexpected))
        if missing := sorted(set(self.expected_alerts) - {alert.code for alert in found}):
            raise AssertionError(f"Expected alerts did not occur: {', '.join(map(str, missing))}")

    def describe(self) -> str:
        """Everything that has happened, for the report of a failed test."""
        return describe_everything(self.api)
