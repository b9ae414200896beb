"""The road to our own door: real HTTP to the address the world knows us by, so nothing on the way is left out."""

import http.client
import ssl
import time
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import certifi

from config import Settings
from receiving import replay_marker
from receiving.delivery import Delivery

RESPONSE_TIMEOUT_SECONDS = (
    20  # seconds for an answer; the door itself waits up to ten for a copy that is being worked on
)
MAX_RESPONSE_BYTES = 64 * 1024  # bytes of an answer
CONNECTION_HEADERS = frozenset(
    ("connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
PROXY_HEADER_PREFIXES = (
    "forwarded",
    "host",
    "via",
    "x-forwarded-",
)  # they tell of the road it took then, not of this one


class LoopbackFailed(Exception):
    """Our own door could not be reached, or what was asked cannot be said in HTTP."""


@dataclass(frozen=True)
class LoopbackResponse:
    """What our door said. `news` is "done", "repeated" or, for a refusal and a handshake, ""."""

    status: int
    body: str
    replay_result: str
    seconds: float


def origin(settings: Settings) -> str:
    """Where the world reaches us; without a PUBLIC_URL, this machine and PORT."""
    return settings.public_url or f"http://127.0.0.1:{settings.port}"


class LoopbackClient:
    """One connection, kept while it lasts. Nothing is rewritten: the target and the body go out byte for byte."""

    def __init__(self, settings: Settings) -> None:
        self.origin = urlsplit(origin(settings))
        self.keep_host = not settings.public_url  # then the door takes the address from the Host header
        self.connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def send(self, delivery: Delivery, *, as_it_came: bool = False) -> LoopbackResponse:
        """Bring it to the door. Raises LoopbackFailed.

        Twice when a kept connection turns out to have ended meanwhile: should the first have come, its claim knows.
        """
        began = time.monotonic()
        try:
            answer = self._request_with_reconnect(delivery, keep_host=as_it_came and self.keep_host)
            body = answer.read(MAX_RESPONSE_BYTES).decode("utf-8", "replace")
            news = answer.headers.get(replay_marker.HEADER, "")
        except (OSError, http.client.HTTPException, ValueError) as trouble:
            self._close()
            raise LoopbackFailed(
                f"{self.origin.geturl()} did not answer: {str(trouble) or type(trouble).__name__}"
            ) from trouble
        if answer.will_close or answer.read(1):
            self._close()
        return LoopbackResponse(answer.status, body, news, time.monotonic() - began)

    def _request_with_reconnect(self, delivery: Delivery, *, keep_host: bool) -> http.client.HTTPResponse:
        was_kept = self.connection is not None
        try:
            return self._request(delivery, keep_host=keep_host)
        except ConnectionError:
            if not was_kept:
                raise
            self._close()
            return self._request(delivery, keep_host=keep_host)

    def _request(self, delivery: Delivery, *, keep_host: bool) -> http.client.HTTPResponse:
        connection = self.connection = self.connection or self._connect()
        connection.putrequest(delivery.method, delivery.target, skip_host=keep_host, skip_accept_encoding=True)
        for name, text in delivery.headers.items():
            if name not in CONNECTION_HEADERS and (keep_host or not name.startswith(PROXY_HEADER_PREFIXES)):
                connection.putheader(name, text.encode("latin-1", "replace"))
        connection.putheader("content-length", str(len(delivery.body)))
        connection.endheaders(delivery.body)
        return connection.getresponse()

    def _close(self) -> None:
        if self.connection:
            self.connection.close()
            self.connection = None

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self.origin.hostname or "", self.origin.port
        if self.origin.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=RESPONSE_TIMEOUT_SECONDS)
        context = ssl.create_default_context(cafile=certifi.where())
        return http.client.HTTPSConnection(host, port, timeout=RESPONSE_TIMEOUT_SECONDS, context=context)
