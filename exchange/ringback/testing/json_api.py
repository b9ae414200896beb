"""A client of a running Ringback's JSON API. It can wait for a condition, or until the app is idle."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from ringback.testing.waiting import eventually, until_idle

TIMEOUT_SECONDS = 60.0
Found = TypeVar("Found")


class RequestRejected(AssertionError):
    """Ringback has rejected a request. The message states the mistake and the fix."""


class JsonApi:
    """Sends requests to the Ringback at this origin. Every request uses a new connection."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.address = urlsplit(origin).netloc

    def get(self, path: str) -> Any:
        return self._send("GET", path)

    def post(self, path: str, fields: dict[str, Any]) -> Any:
        return self._send("POST", path, json.dumps(fields).encode(), "application/json")

    def post_wav(self, path: str, sound: bytes) -> Any:
        return self._send("POST", path, sound, "audio/wav")

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def download(self, path: str) -> bytes:
        """The bytes at a path, such as that of a media file. Raises RequestRejected."""
        return self._exchange("GET", path, None, "")

    def _send(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> Any:
        answer = self._exchange(method, path, body, content_type)
        return json.loads(answer) if answer else None

    def _exchange(self, method: str, path: str, body: bytes | None, content_type: str) -> bytes:
        connection = HTTPConnection(self.address, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, {"Content-Type": content_type} if content_type else {})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise RequestRejected(_error(answer) or f"{method} {path} returned {response.status}")
        return answer


def handset_path(number: str) -> str:
    return f"/handsets/{quote(number, safe='')}"


def _error(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return ""


class Connection(JsonApi):
    """A client of the Ringback at `origin`. Every wait ends after `limit_seconds`."""

    def __init__(self, origin: str, limit_seconds: float) -> None:
        super().__init__(origin)
        self.limit_seconds = limit_seconds

    def wait(self, claim: Callable[[], Found | None], failure: Callable[[], str]) -> Found:
        """Return the first true result of `claim`. Raises AssertionError with `failure()` after the limit."""
        __tracebackhide__ = True
        found = eventually(claim, failure, self.limit_seconds)
        assert found is not None
        return found

    def settle(self) -> None:
        """Wait until the app has answered all requests and no more follow, but no longer than the limit."""
        until_idle(lambda: self.get("/requests"), self.limit_seconds)
