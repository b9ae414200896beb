"""Sends requests to the app's own public URL over HTTP, so that they take the same path as any other webhook."""

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
from sending.http.informational_responses import FinalResponse

RESPONSE_TIMEOUT_SECONDS = 20  # the receiver itself waits up to 10 s while a copy is being handled
MAX_RESPONSE_BYTES = 64 * 1024
CONNECTION_HEADERS = frozenset(
    ("connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
PROXY_HEADER_PREFIXES = ("forwarded", "host", "via", "x-forwarded-")  # describe the proxies on the request's way


class LoopbackFailed(Exception):
    """Our public URL did not respond, or the request cannot be expressed in HTTP."""


@dataclass(frozen=True)
class LoopbackResponse:
    """Our own response. `replay_result` is DONE or DUPLICATE; "" for rejected requests and handshakes."""

    status: int
    body: str
    replay_result: str
    seconds: float


def origin(settings: Settings) -> str:
    """Return PUBLIC_URL, or http://127.0.0.1:PORT if it is not set."""
    return settings.public_url or f"http://127.0.0.1:{settings.port}"


class LoopbackClient:
    """Keeps one connection open. Sends the target and the body byte for byte."""

    def __init__(self, settings: Settings) -> None:
        self.origin = urlsplit(origin(settings))
        self.keep_host = not settings.public_url  # then the receiver takes the signed URL's host from the Host header
        self.connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def send(self, delivery: Delivery, *, unmodified: bool = False) -> LoopbackResponse:
        """Send the request. Raises LoopbackFailed.

        `unmodified` keeps the original Host header if the signature depends on it. If the connection was closed while
        idle, the request is sent again; if the first copy did arrive, the second counts as a duplicate.
        """
        started_at = time.monotonic()
        try:
            response = self._request_with_reconnect(delivery, keep_host=unmodified and self.keep_host)
            body = response.read(MAX_RESPONSE_BYTES).decode("utf-8", "replace")
            replay_result = response.headers.get(replay_marker.HEADER, "")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._close()
            reason = str(error) or type(error).__name__
            raise LoopbackFailed(f"{self.origin.geturl()} did not respond: {reason}") from error
        if response.will_close or response.read(1):
            self._close()
        return LoopbackResponse(response.status, body, replay_result, time.monotonic() - started_at)

    def _request_with_reconnect(self, delivery: Delivery, *, keep_host: bool) -> http.client.HTTPResponse:
        was_open = self.connection is not None
        try:
            return self._request(delivery, keep_host=keep_host)
        except ConnectionError:
            if not was_open:
                raise
            self._close()
            return self._request(delivery, keep_host=keep_host)

    def _request(self, delivery: Delivery, *, keep_host: bool) -> http.client.HTTPResponse:
        connection = self.connection = self.connection or self._connect()
        connection.putrequest(delivery.method, delivery.target, skip_host=keep_host, skip_accept_encoding=True)
        for name, value in delivery.headers.items():
            if name not in CONNECTION_HEADERS and (keep_host or not name.startswith(PROXY_HEADER_PREFIXES)):
                connection.putheader(name, value.encode("latin-1", "replace"))
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
            connection = http.client.HTTPConnection(host, port, timeout=RESPONSE_TIMEOUT_SECONDS)
        else:
            context = ssl.create_default_context(cafile=certifi.where())
            connection = http.client.HTTPSConnection(host, port, timeout=RESPONSE_TIMEOUT_SECONDS, context=context)
        connection.response_class = FinalResponse
        return connection
