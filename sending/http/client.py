"""An HTTP client for untrusted URLs: sends one request, with limits on time, size and destination."""

import contextlib
import functools
import http.client
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import certifi
import urllib3
from urllib3 import BaseHTTPResponse
from urllib3.util import Timeout, Url, parse_url

from sending.http import ssrf, urls
from sending.http.certificates import Certificate
from sending.http.connections import ActiveRequest, ConnectionInfo, GuardedPools, active_request
from sending.http.deadline import Deadline
from sending.http.errors import RequestFailed

VERSION = "0.1.0"
PROJECT = "CallAndResponse"
CONNECT_TIMEOUT_SECONDS = 5.0  # for DNS, TCP and TLS together
TOTAL_TIMEOUT_SECONDS = 15.0  # for the whole request; Standard Webhooks recommends 15 to 30
MAX_KEPT_BYTES = 16_000  # of the response body
MAX_READ_BYTES = 64_000  # of the response body; if the body is longer, the connection is closed, not reused

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
RESERVED_HEADERS = frozenset(  # these frame the message or belong to the connection, so callers must not set them
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect"}
    | {"accept-encoding", "cookie"}
)
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, section 5.5

# No retries, no redirects, no decompression.
URLOPEN_OPTIONS: dict[str, Any] = {
    "retries": False,
    "redirect": False,
    "assert_same_host": False,
    "preload_content": False,
    "decode_content": False,
}
TRANSPORT_ERRORS = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException, ValueError)
TIMEOUT_ERRORS = (TimeoutError, urllib3.exceptions.TimeoutError)
HEAD_TOO_LARGE_ERRORS = (http.client.LineTooLong, http.client.HTTPException)  # HTTPException: too many headers
DISCONNECT_ERRORS = (ConnectionError, http.client.IncompleteRead, ssl.SSLEOFError)


@dataclass(frozen=True)
class Timing:
    """Durations of a request's phases, in seconds. The first three are 0.0 on a reused connection."""

    dns: float
    connect: float
    tls: float
    first_byte: float  # from the start of the request to the end of the response headers
    reused: bool


@dataclass(frozen=True)
class HttpResponse:
    """A response with any status. Header names are lower-case. A long body is truncated."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    elapsed: float  # seconds
    ip_address: str
    tls: Certificate | None
    timing: Timing
    set_cookies: tuple[str, ...] = ()  # one per Set-Cookie header, because these headers cannot be joined


class HttpClient:
    """Follows no redirects, stores no cookies, and ignores proxies and netrc. Threads and greenlets may share it.

    It connects only to public addresses; `allow_loopback` also allows this machine, but no other private address.
    `ca_file` contains certificate authorities to trust in addition to certifi's.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        user_agent: str = f"{PROJECT}/{VERSION}",
        ca_file: str | None = None,
        resolver: ssrf.Resolver = ssrf.resolve,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._user_agent = user_agent
        self._resolver = resolver
        context = ssl.create_default_context(cafile=certifi.where())
        if ca_file:
            context.load_verify_locations(ca_file)
        self._pools = GuardedPools(context)

    def normalize_url(self, url: str, *, http: bool = False) -> str:
        """Return the normalized URL, without a DNS query. Raises RequestFailed (blocked) if the URL is not allowed."""
        return urls.normalize_url(url, http=http, allow_any_port=self._allow_loopback)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        cookie: str = "",
        connect_timeout: float = CONNECT_TIMEOUT_SECONDS,
        total_timeout: float = TOTAL_TIMEOUT_SECONDS,
        max_kept_bytes: int = MAX_KEPT_BYTES,
        http: bool = False,
        new_connection: bool = False,
    ) -> HttpResponse:
        """Send one request exactly once and return the response. Raises only RequestFailed.

        `cookie` is the value of the Cookie header. `http` also allows http: URLs. `new_connection` opens a new
        connection, so that its setup can be measured.
        """
        began = time.monotonic()
        try:
            normal_url = self.normalize_url(url, http=http)
            sent_headers = self._headers(method, headers or {}) | ({"Cookie": cookie} if cookie else {})
            with Deadline(total_timeout) as deadline:
                active = ActiveRequest(deadline, connect_timeout, self._resolve, new_connection)
                timeout = Timeout(connect=connect_timeout, read=total_timeout)  # the deadline bounds both together
                return self._send(method, normal_url, sent_headers, body, active, timeout, max_kept_bytes)
        except RequestFailed as error:
            error.elapsed = time.monotonic() - began
            raise

    def close(self) -> None:
        """Close all idle connections."""
        self._pools.clear()

    def _resolve(self, host: str, port: int, timeout: float) -> list[ssrf.SocketAddress]:
        return ssrf.resolve_allowed(
            host, port, allow_loopback=self._allow_loopback, timeout=timeout, resolver=self._resolver
        )

    def _headers(self, method: str, headers: Mapping[str, str]) -> dict[str, str]:
        reserved = RESERVED_HEADERS & {name.lower() for name in headers}
        if method not in METHODS:
            raise RequestFailed("protocol", f"The method {method} is not supported.")
        if reserved:
            raise RequestFailed("protocol", f"The caller must not set {', '.join(sorted(reserved))}.")
        if not all(HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(value) for name, value in headers.items()):
            raise RequestFailed("protocol", "A header has an invalid name or value.")
        return {"User-Agent": self._user_agent, "Accept": "*/*", "Accept-Encoding": "identity", **headers}

    def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        active: ActiveRequest,
        timeout: Timeout,
        max_kept_bytes: int,
    ) -> HttpResponse:
        began = time.monotonic()
        token = active_request.set(active)
        parsed = _parse_url(url)
        try:
            pool = self._pools.connection_from_host(parsed.host, parsed.port, parsed.scheme)
            response = pool.urlopen(method, parsed.request_uri, body, headers, timeout=timeout, **URLOPEN_OPTIONS)
            first_byte = time.monotonic() - began
            with contextlib.closing(response):
                kept, truncated = _read_body(response, max_kept_bytes)
            active.deadline.remaining()  # raises if the deadline cut the body short, which would look complete
        except TRANSPORT_ERRORS as error:
            raise _classify_error(error, active.deadline, parsed.host or "") from error
        finally:
            active_request.reset(token)
        return _build_response(response, kept, truncated, active, first_byte, time.monotonic() - began)


@functools.lru_cache(maxsize=urls.URL_CACHE_SIZE)
def _parse_url(url: str) -> Url:
    return parse_url(url)


def _read_body(response: BaseHTTPResponse, max_kept_bytes: int) -> tuple[bytes, bool]:
    """Return the first `max_kept_bytes` bytes of the undecoded body, and whether the body was longer."""
    body, size = bytearray(), 0
    while size <= max(max_kept_bytes, MAX_READ_BYTES) and (chunk := response.read(16_384, decode_content=False)):
        size += len(chunk)
        body += chunk[: max_kept_bytes - len(body)]
    return bytes(body), size > max_kept_bytes


def _build_response(
    response: BaseHTTPResponse, body: bytes, truncated: bool, active: ActiveRequest, first_byte: float, elapsed: float
) -> HttpResponse:
    info = active.connection.info if active.connection else ConnectionInfo()
    spent = (info.dns, info.connect, info.tls) if active.opened_connection else (0.0, 0.0, 0.0)
    return HttpResponse(
        status=response.status,
        headers={name.lower(): response.headers[name] for name in response.headers},
        body=body,
        truncated=truncated,
        elapsed=elapsed,
        ip_address=info.ip_address,
        tls=info.certificate,
        timing=Timing(*spent, first_byte=first_byte, reused=not active.opened_connection),
        set_cookies=tuple(response.headers.getlist("set-cookie")),
    )


def _classify_error(error: BaseException, deadline: Deadline, host: str) -> RequestFailed:
    """Return the RequestFailed for an exception. Libraries wrap each other's exceptions, so the chain is checked."""
    chain = list(_exception_chain(error))
    if deadline.has_passed or any(isinstance(link, TIMEOUT_ERRORS) for link in chain):
        return RequestFailed("timeout", f"{host} took too long to respond.")
    if any(type(link) in HEAD_TOO_LARGE_ERRORS for link in chain):
        return RequestFailed("too large", f"The response headers from {host} are too large.")
    if any(isinstance(link, DISCONNECT_ERRORS) for link in chain):
        return RequestFailed("protocol", f"{host} closed the connection before its response was complete.")
    return RequestFailed("protocol", f"{host} did not send a valid HTTP response.")


def _exception_chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
