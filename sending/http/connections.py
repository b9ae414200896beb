"""Connections for urllib3: every socket they open leads to an address that was checked a moment ago."""

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
from sending.http.ssrf import SocketAddress

MAX_HOSTS = 64  # names whose connections are kept open, the least recently used closed first
MAX_IDLE_PER_HOST = 8  # idle connections kept for one name


@dataclass
class ActiveRequest:
    """One request under way: its rules, and what it learns while a connection is opened for it."""

    deadline: Deadline
    connect_timeout: float
    resolve: Callable[[str, int, float], list[SocketAddress]]  # (host, port, seconds) -> where we may connect
    new_connection: bool = False  # take no connection that was open before
    opened_connection: bool = False
    connection: "GuardedConnection | None" = None


@dataclass
class ConnectionInfo:
    """What is known of a connection since it was opened; times in seconds."""

    address: str = ""
    dns: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    certificate: Certificate | None = None


# Context variables are local to a thread or a greenlet. No connection is opened without an active request.
active_request: ContextVar[ActiveRequest] = ContextVar("the active request")


class GuardedConnection(HTTPConnection):
    """Overrides the step that opens the socket, and nothing that decides what is said on it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.info = ConnectionInfo()
        self._outgoing: list[Any] | None = None  # what is to be sent in one piece, while it is collected

    def _new_conn(self) -> socket.socket:
        active = active_request.get()
        began = time.monotonic()
        timeout = min(active.connect_timeout, active.deadline.remaining())
        addresses = active.resolve(self.host, self.port or self.default_port, timeout)
        found = time.monotonic()
        sock = _connect_to_any(addresses, began + timeout, self.host)
        self.info = ConnectionInfo(sock.getpeername()[0], found - began, time.monotonic() - found)
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
        """Head and body in one piece: urllib3 sends two, and the receiver wakes up for each."""
        if self._outgoing is None:
            super().send(data)
        else:
            self._outgoing.append(data)

    def response_class(self, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:  # type: ignore[override]
        self._answer = http.client.HTTPResponse(*args, **kwargs)
        return self._answer

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        try:
            return super().getresponse()
        except InvalidHeader:  # two lengths that differ: urllib3 2.8.0 leaves the socket open here
            self._answer.close()
            raise


class GuardedTLSConnection(GuardedConnection, HTTPSConnection):
    """The same over TLS, with the certificate checked against the name."""

    _handle: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self._handle = sock.dup()  # wrapping empties `sock`; this handle can still be shut during the handshake
        active_request.get().deadline.watch(self._handle)
        return sock

    def connect(self) -> None:
        began = time.monotonic()
        try:
            super().connect()
        except OSError as error:  # every ssl.SSLError is one
            if isinstance(error, TimeoutError) or active_request.get().deadline.has_passed:
                raise RequestFailed(
                    "timeout", f"{self.host} was too slow to set up an encrypted connection."
                ) from error
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
    """Opens guarded connections, and keeps none that was to be a fresh one."""

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
    """Keeps connections by scheme, name and port, so two names on one address never share one."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(num_pools=MAX_HOSTS, maxsize=MAX_IDLE_PER_HOST, ssl_context=context)
        self.pool_classes_by_scheme = {"http": GuardedPool, "https": GuardedTLSPool}


def _connect_to_any(addresses: list[SocketAddress], expires_at: float, host: str) -> socket.socket:
    """Try each address in turn; an early one may use up only its share of the time."""
    problem: OSError | None = None
    for tried, address in enumerate(addresses):
        share = max((expires_at - time.monotonic()) / (len(addresses) - tried), 0.001)
        try:
            return _connect(address, share, expires_at)
        except OSError as error:
            problem = error
    if isinstance(problem, TimeoutError):
        raise RequestFailed("timeout", f"{host} did not take the connection in time.") from problem
    raise RequestFailed("connect", f"{host} does not take connections.") from problem


def _connect(address: SocketAddress, timeout: float, expires_at: float) -> socket.socket:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout)
        sock.connect(address)
        sock.settimeout(max(expires_at - time.monotonic(), 0.001))  # what is left of it is for the handshake
    except BaseException:
        sock.close()
        raise
    return sock
