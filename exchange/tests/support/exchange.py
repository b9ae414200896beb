"""A running exchange: its account, its clock and its HTTP interface."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import urllib.error
import urllib.request
from collections.abc import Coroutine
from typing import Any

from twilio.rest import Client

from ringback.testing.waiting import LIMIT_SECONDS, eventually
from ringback.web.server import Server
from support.person import Person

SID = "AC" + "a" * 32
TOKEN = "the token of the tests"
NUMBER = "+441632960000"


class Exchange:
    """A running exchange, and the event loop that it runs on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server: Server) -> None:
        self.loop, self.server, self.state = loop, server, server.state

    @property
    def origin(self) -> str:
        return self.server.origin

    def person(self, last: str = "1") -> Person:
        return Person(self, f"+44163296000{last}")

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(LIMIT_SECONDS)

    def start(self, work: Coroutine[Any, Any, Any]) -> concurrent.futures.Future[Any]:
        """Start something in the exchange, without waiting for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def time_passes(self, seconds: float) -> None:
        self.run(self.state.clock.forward(seconds))

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes, Any]:
        """Send any request. Returns status, body and headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = urllib.request.Request(self.origin + path, body, named, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=LIMIT_SECONDS) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), error.headers

    def get(self, path: str) -> Any:
        status, body, _ = self.request("GET", path)
        assert status == 200, body
        return json.loads(body)

    def post(self, path: str, given: Any) -> Any:
        status, body, _ = self.request("POST", path, json.dumps(given).encode(), Content_Type="application/json")
        assert status in (200, 201), body
        return json.loads(body)

    def refuses(self, path: str, given: Any) -> tuple[int, str]:
        """Post a request that must be rejected. Returns the status and the message."""
        status, body, _ = self.request("POST", path, json.dumps(given).encode(), Content_Type="application/json")
        assert 400 <= status < 500, body
        return status, json.loads(body)["error"]

    def alerts(self) -> list[int]:
        return [alert["code"] for alert in self.get("/debugger")["alerts"]]

    def warns(self, code: int) -> dict[str, Any]:
        """Wait for an alert with this code in the debugger, and return it."""
        eventually(lambda: code in self.alerts(), lambda: f"{code} among {self.alerts()}")
        return next(alert for alert in self.get("/debugger")["alerts"] if alert["code"] == code)

    def client(self) -> Client:
        client = Client(SID, TOKEN)
        client.api.base_url = self.origin
        return client
