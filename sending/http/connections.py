"""urllib3 connections that resolve the host and check its addresses themselves, right before connecting."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import InvalidHeader
from urllib3.poolmanager import PoolManager
from urllib3.response import HTTPResponse

from sending.http.certificates import Certificate, describe_tls_error, read_certificate
from sending.http.deadline import Deadline
from sending.http.errors import RequestFailed
from sending.http.informational_responses import FinalResponse
from sending.http.ssrf import SocketAddress

MAX_HOSTS = 64  # with idle connections; those to the least recently used host are closed first
MAX_IDLE_PER_HOST = 8  # connections


@dataclass
class ActiveRequest:
    """The request in progress: its limits and the connection it uses."""

    deadline: Deadline
    connect_timeout: float
    resolve: Callable[[str, int, float], list[SocketAddress]]  # (host, port, timeout in seconds)
    new_connection: bool = False  # do not reuse an open connection
    opened_connection: bool = False
    connection: "GuardedConnection | None" = None


@dataclass
class ConnectionInfo:
    """What was measured when the connection was opened. Durations are in seconds."""

    ip_address: str = ""
    dns: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    certificate: Certificate | None = None


# Local to a thread or greenlet. Without an active request, no connection is opened.
active_request: ContextVar[ActiveRequest] = ContextVar("the active request")


class GuardedConnection(HTTPConnection):
    """An HTTPConnection that connects only to allowed addresses and obeys the active request's deadline."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.info = ConnectionInfo()
        self._outgoing: list[Any] | None = None  # set while request() collects what it sends

    def _new_conn(self) -> socket.socket:
        active = active_request.get()
        began = time.monotonic()
        timeout = min(active.connect_timeout, active.deadline.remaining())
        addresses = active.resolve(self.host, self.port or self.default_port, timeout)
        resolved = time.monotonic()
        sock = _connect_to_any(addresses, began + timeout, self.host)
        self.info = ConnectionInfo(sock.getpeername()[0], resolved - began, time.monotonic() - resolved)
        active.opened_connection = True
        active.deadline.watch(sock)
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        active = active_request.get()
        active.connection = self
        if self.sock is not None:
            active.deadline.watch(self.sock)
        self._outgoing = []
        try:
            super().request(*args, **kwargs)
            whole = b"".join(self._outgoing)
        finally:
            self._outgoing = None
        self.send(whole)

    def send(self, data: Any) -> None:
        """Send the headers and the body in one write; urllib3 by itself would use two."""
        if self._outgoing is None:
            super().send(data)
        else:
            self._outgoing.append(data)

    def response_class(self, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:  # type: ignore[override]
        self._response = FinalResponse(*args, **kwargs)
        return self._response

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        try:
            return super().getresponse()
        except InvalidHeader:  # for example, two different Content-Lengths; urllib3 2.8.0 does not close the socket
            self._response.close()
            raise


class GuardedTLSConnection(GuardedConnection, HTTPSConnection):
    """A GuardedConnection over TLS."""

    _handle: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self._handle = sock.dup()  # wrap_socket() detaches `sock`, but the handle can be shut down during the handshake
        active_request.get().deadline.watch(self._handle)
        return sock

    def connect(self) -> None:
        began = time.monotonic()
        try:
            super().connect()
        except OSError as error:  # includes ssl.SSLError
            if isinstance(error, TimeoutError) or active_request.get().deadline.has_passed:
                raise RequestFailed("timeout", f"The TLS handshake with {self.host} took too long.") from error
            raise RequestFailed("tls", describe_tls_error(self.host, error)) from error
        finally:
            self._release_handle()
        self.info.tls = time.monotonic() - began - self.info.dns - self.info.connect
        self.info.certificate = read_certificate(self.sock)

    def _release_handle(self) -> None:
        active_request.get().deadline.watch(self.sock)
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class GuardedPool(HTTPConnectionPool):
    """A pool that opens a new connection, and closes it afterwards, for each request that asks for one."""

    ConnectionCls = GuardedConnection

    def _get_conn(self, timeout: float | None = None) -> Any:
        return self._new_conn() if active_request.get().new_connection else super()._get_conn(timeout)

    def _put_conn(self, conn: Any) -> None:
        if not active_request.get().new_connection:
            super()._put_conn(conn)
        elif conn:
            conn.close()


class GuardedTLSPool(GuardedPool, HTTPSConnectionPool):
    ConnectionCls = GuardedTLSConnection


class GuardedPools(PoolManager):
    """Pools keyed by scheme, host and port, so that two hosts at one address never share a connection."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(num_pools=MAX_HOSTS, maxsize=MAX_IDLE_PER_HOST, ssl_context=context)
        self.pool_classes_by_scheme = {"http": GuardedPool, "https": GuardedTLSPool}


def _connect_to_any(addresses: list[SocketAddress], expires_at: float, host: str) -> socket.socket:
    """Connect to the first address that accepts. Each attempt gets an equal share of the remaining time."""
    last_error: OSError | None = None
    for index, address in enumerate(addresses):
        share = max((expires_at - time.monotonic()) / (len(addresses) - index), 0.001)
        try:
            return _connect(address, share, expires_at)
        except OSError as error:
            last_error = error
    if isinstance(last_error, TimeoutError):
        raise RequestFailed("timeout", f"Connecting to {host} took too long.") from last_error
    raise RequestFailed("connect", f"{host} does not accept connections.") from last_error


def _connect(address: SocketAddress, timeout: float, expires_at: float) -> socket.socket:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout)
        sock.connect(address)
        sock.settimeout(max(expires_at - time.monotonic(), 0.001))  # the remaining time is for the TLS handshake
    except BaseException:
        sock.close()
        raise
    return sock
