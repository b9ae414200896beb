"""The good client: one request, with every limit a polite and careful sender keeps."""

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
CONNECT_TIMEOUT_SECONDS = 5.0  # seconds for looking up, connecting and shaking hands
TOTAL_TIMEOUT_SECONDS = 15.0  # seconds for all of it. Standard Webhooks: 15 to 30.
MAX_KEPT_BYTES = 16_000  # bytes of the answer that are kept
MAX_READ_BYTES = 64_000  # bytes that are read so that the connection can serve again; a longer answer closes it

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
RESERVED_HEADERS = frozenset(  # they frame the message or belong to the connection; nobody sets them from outside
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect"}
    | {"accept-encoding", "cookie"}
)
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # as RFC 9110 5.5 has it

# No retries and no redirects; the body as it comes over the wire.
URLOPEN_OPTIONS: dict[str, Any] = {
    "retries": False,
    "redirect": False,
    "assert_same_host": False,
    "preload_content": False,
    "decode_content": False,
}
TRANSPORT_ERRORS = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException, ValueError)
TIMEOUT_ERRORS = (TimeoutError, urllib3.exceptions.TimeoutError)
HEAD_TOO_LARGE_ERRORS = (http.client.LineTooLong, http.client.HTTPException)  # the latter, bare, means too many headers
DISCONNECT_ERRORS = (ConnectionError, http.client.IncompleteRead, ssl.SSLEOFError)


@dataclass(frozen=True)
class Timing:
    """Where the time went, in seconds. A reused connection cost nothing to open."""

    dns: float
    connect: float
    tls: float
    first_byte: float  # from the start until the head of the answer was complete
    reused: bool


@dataclass(frozen=True)
class HttpResponse:
    """What came back, whatever its status. Header names are lower case; of a long body, the start."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    elapsed: float  # seconds
    address: str  # the network address that answered
    tls: Certificate | None
    timing: Timing
    set_cookies: tuple[str, ...] = ()  # each Set-Cookie line by itself: they cannot be joined


class HttpClient:
    """Follows no redirect, keeps no cookie and no answer, knows no proxy or netrc, reads no address but the one given.

    One for the whole process: threads and greenlets may share it, and with it the open connections.
    `allow_loopback` lets receivers on this machine through, and nothing else private. `ca_file` is a file of
    certificates to trust besides the usual ones.
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
        """The plain form of an address this client may try; a blocked RequestFailed otherwise. Looks nothing up."""
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
        """Send one request and return its reply; raises RequestFailed and nothing else. Never tries twice.

        `cookie` is the whole header, from a jar of the caller's. `http` also allows http: URLs. `new_connection`
        opens one, so that its set-up can be measured.
        """
        began = time.monotonic()
        try:
            plain = self.normalize_url(url, http=http)
            sent = self._headers(method, headers or {}) | ({"Cookie": cookie} if cookie else {})
            with Deadline(total_timeout) as deadline:
                active = ActiveRequest(deadline, connect_timeout, self._resolve, new_connection)
                return self._send(
                    method, plain, sent, body, active, Timeout(connect_timeout, total_timeout), max_kept_bytes
                )
        except RequestFailed as failure:
            failure.elapsed = time.monotonic() - began
            raise

    def close(self) -> None:
        """Close every connection kept open."""
        self._pools.clear()

    def _resolve(self, host: str, port: int, timeout: float) -> list[ssrf.SocketAddress]:
        return ssrf.resolve_allowed(
            host, port, allow_loopback=self._allow_loopback, timeout=timeout, resolver=self._resolver
        )

    def _headers(self, method: str, headers: Mapping[str, str]) -> dict[str, str]:
        unwanted = RESERVED_HEADERS & {name.lower() for name in headers}
        if unwanted or method not in METHODS:
            raise RequestFailed("protocol", f"{', '.join(sorted(unwanted)) or method} is not for callers to set.")
        if not all(HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(value) for name, value in headers.items()):
            raise RequestFailed("protocol", "A header cannot be sent as it is.")
        return {"User-Agent": self._user_agent, "Accept": "*/*", "Accept-Encoding": "identity", **headers}

    def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        active: ActiveRequest,
        timeout: Timeout,
        keep: int,
    ) -> HttpResponse:
        began = time.monotonic()
        token = active_request.set(active)
        parsed = _parse_url(url)
        try:
            pool = self._pools.connection_from_host(parsed.host, parsed.port, parsed.scheme)
            response = pool.urlopen(method, parsed.request_uri, body, headers, timeout=timeout, **URLOPEN_OPTIONS)
            first_byte = time.monotonic() - began
            with contextlib.closing(response):
                kept, truncated = _read_body(response, keep)
            active.deadline.remaining()  # a socket that was shut looks like the end of the body
        except TRANSPORT_ERRORS as error:
            raise _classify_error(error, active.deadline, parsed.host or "") from error
        finally:
            active_request.reset(token)
        return _build_response(response, kept, truncated, active, first_byte, time.monotonic() - began)


@functools.lru_cache(maxsize=urls.URL_CACHE_SIZE)
def _parse_url(url: str) -> Url:
    return parse_url(url)


def _read_body(raw: BaseHTTPResponse, keep: int) -> tuple[bytes, bool]:
    """The first `keep` bytes of the body as it came over the wire, and whether there were more."""
    body, seen = bytearray(), 0
    while seen <= max(keep, MAX_READ_BYTES) and (piece := raw.read(16_384, decode_content=False)):
        seen += len(piece)
        body += piece[: keep - len(body)]
    return bytes(body), seen > keep


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
        address=info.address,
        tls=info.certificate,
        timing=Timing(*spent, first_byte=first_byte, reused=not active.opened_connection),
        set_cookies=tuple(response.headers.getlist("set-cookie")),
    )


def _classify_error(error: BaseException, deadline: Deadline, host: str) -> RequestFailed:
    """Name what broke. The libraries wrap each other's exceptions, so the whole chain is looked at."""
    chain = list(_exception_chain(error))
    if deadline.has_passed or any(isinstance(link, TIMEOUT_ERRORS) for link in chain):
        return RequestFailed("timeout", f"{host} took too long to answer.")
    if any(type(link) in HEAD_TOO_LARGE_ERRORS for link in chain):
        return RequestFailed("too large", f"The head of the answer from {host} is too large.")
    if any(isinstance(link, DISCONNECT_ERRORS) for link in chain):
        return RequestFailed("protocol", f"{host} hung up before its answer was complete.")
    return RequestFailed("protocol", f"{host} did not answer in proper HTTP.")


def _exception_chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
