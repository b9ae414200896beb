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
from sending.http.connections import Facts, GuardedPools, Visit, under_way
from sending.http.deadline import Deadline
from sending.http.errors import Failure

VERSION = "0.1.0"
PROJECT = "CallAndResponse"
CONNECT_WITHIN = 5.0  # seconds for looking up, connecting and shaking hands
FINISH_WITHIN = 15.0  # seconds for all of it. Standard Webhooks: 15 to 30.
KEEP_AT_MOST = 16_000  # bytes of the answer that are kept
READ_AT_MOST = 64_000  # bytes that are read so that the connection can serve again; a longer answer closes it

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OURS = frozenset(  # they frame the message or belong to the connection; nobody sets them from outside
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect"}
    | {"accept-encoding", "cookie"}
)
NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # as RFC 9110 5.5 has it

# No retries and no redirects; the body as it comes over the wire.
PLAINLY: dict[str, Any] = {
    "retries": False,
    "redirect": False,
    "assert_same_host": False,
    "preload_content": False,
    "decode_content": False,
}
BREAKS = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException, ValueError)
SLOW = (TimeoutError, urllib3.exceptions.TimeoutError)
HEAD_TOO_LARGE = (http.client.LineTooLong, http.client.HTTPException)  # the latter, bare, means too many headers
ENDED = (ConnectionError, http.client.IncompleteRead, ssl.SSLEOFError)


@dataclass(frozen=True)
class Timing:
    """Where the time went, in seconds. A reused connection cost nothing to open."""

    lookup: float
    connect: float
    secure: float
    first_byte: float  # from the start until the head of the answer was complete
    reused: bool


@dataclass(frozen=True)
class Reply:
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


class Client:
    """Follows no redirect, keeps no cookie and no answer, knows no proxy or netrc, reads no address but the one given.

    One for the whole process: threads and greenlets may share it, and with it the open connections.
    `allow_loopback` lets receivers on this machine through, and nothing else private. `authorities` is a file of
    certificates to trust besides the usual ones.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        user_agent: str = f"{PROJECT}/{VERSION}",
        authorities: str | None = None,
        resolver: ssrf.Resolver = ssrf.look_up,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._user_agent = user_agent
        self._resolver = resolver
        context = ssl.create_default_context(cafile=certifi.where())
        if authorities:
            context.load_verify_locations(authorities)
        self._pools = GuardedPools(context)

    def accept(self, url: str, *, http: bool = False) -> str:
        """The plain form of an address this client may try; a blocked Failure otherwise. Looks nothing up."""
        return urls.accept(url, http=http, any_port=self._allow_loopback)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        cookie: str = "",
        connect_within: float = CONNECT_WITHIN,
        finish_within: float = FINISH_WITHIN,
        keep_at_most: int = KEEP_AT_MOST,
        http: bool = False,
        fresh: bool = False,
    ) -> Reply:
        """Send one request and return its reply; raises Failure and nothing else. Never tries twice.

        `cookie` is the whole header, from a jar of the caller's. `http` also allows unencrypted addresses; `fresh`
        opens a new connection, to measure it.
        """
        began = time.monotonic()
        try:
            plain = self.accept(url, http=http)
            sent = self._headers(method, headers or {}) | ({"Cookie": cookie} if cookie else {})
            with Deadline(finish_within) as deadline:
                visit = Visit(deadline, connect_within, self._addresses, fresh)
                return self._exchange(
                    method, plain, sent, body, visit, Timeout(connect_within, finish_within), keep_at_most
                )
        except Failure as failure:
            failure.elapsed = time.monotonic() - began
            raise

    def close(self) -> None:
        """Close every connection kept open."""
        self._pools.clear()

    def _addresses(self, host: str, port: int, within: float) -> list[ssrf.SocketAddress]:
        return ssrf.reachable(host, port, allow_loopback=self._allow_loopback, within=within, resolver=self._resolver)

    def _headers(self, method: str, headers: Mapping[str, str]) -> dict[str, str]:
        unwanted = OURS & {name.lower() for name in headers}
        if unwanted or method not in METHODS:
            raise Failure("protocol", f"{', '.join(sorted(unwanted)) or method} is not for callers to set.")
        if not all(NAME.fullmatch(name) and VALUE.fullmatch(value) for name, value in headers.items()):
            raise Failure("protocol", "A header cannot be sent as it is.")
        return {"User-Agent": self._user_agent, "Accept": "*/*", "Accept-Encoding": "identity", **headers}

    def _exchange(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        visit: Visit,
        timeout: Timeout,
        keep: int,
    ) -> Reply:
        began = time.monotonic()
        token = under_way.set(visit)
        place = _place(url)
        try:
            pool = self._pools.connection_from_host(place.host, place.port, place.scheme)
            response = pool.urlopen(method, place.request_uri, body, headers, timeout=timeout, **PLAINLY)
            first_byte = time.monotonic() - began
            with contextlib.closing(response):
                kept, truncated = _read(response, keep)
            visit.deadline.left()  # a socket that was shut looks like the end of the body
        except BREAKS as error:
            raise _failure(error, visit.deadline, place.host or "") from error
        finally:
            under_way.reset(token)
        return _reply(response, kept, truncated, visit, first_byte, time.monotonic() - began)


@functools.lru_cache(maxsize=urls.REMEMBERED)
def _place(url: str) -> Url:
    return parse_url(url)


def _read(raw: BaseHTTPResponse, keep: int) -> tuple[bytes, bool]:
    """The first `keep` bytes of the body as it came over the wire, and whether there were more."""
    body, seen = bytearray(), 0
    while seen <= max(keep, READ_AT_MOST) and (piece := raw.read(16_384, decode_content=False)):
        seen += len(piece)
        body += piece[: keep - len(body)]
    return bytes(body), seen > keep


def _reply(
    response: BaseHTTPResponse, body: bytes, truncated: bool, visit: Visit, first_byte: float, elapsed: float
) -> Reply:
    facts = visit.connection.facts if visit.connection else Facts()
    spent = (facts.lookup, facts.connect, facts.secure) if visit.opened else (0.0, 0.0, 0.0)
    return Reply(
        status=response.status,
        headers={name.lower(): response.headers[name] for name in response.headers},
        body=body,
        truncated=truncated,
        elapsed=elapsed,
        address=facts.address,
        tls=facts.certificate,
        timing=Timing(*spent, first_byte=first_byte, reused=not visit.opened),
        set_cookies=tuple(response.headers.getlist("set-cookie")),
    )


def _failure(error: BaseException, deadline: Deadline, host: str) -> Failure:
    """Name what broke. The libraries wrap each other's exceptions, so the whole chain is looked at."""
    chain = list(_chain(error))
    if deadline.passed or any(isinstance(link, SLOW) for link in chain):
        return Failure("timeout", f"{host} took too long to answer.")
    if any(type(link) in HEAD_TOO_LARGE for link in chain):
        return Failure("too large", f"The head of the answer from {host} is too large.")
    if any(isinstance(link, ENDED) for link in chain):
        return Failure("protocol", f"{host} hung up before its answer was complete.")
    return Failure("protocol", f"{host} did not answer in proper HTTP.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
