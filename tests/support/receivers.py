"""Webhook receivers on 127.0.0.1, well-behaved and hostile, and resolvers that return their address."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import trustme

from sending.http.client import HttpClient
from sending.http.errors import RequestFailed
from tests.support.waiting import LIMIT_SECONDS

Behavior = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

AUTHORITY = trustme.CA()


def tls_for(*names: str, **wishes: object) -> ssl.SSLContext:
    """A server's TLS context with a certificate for these names, from the authority that the tests trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names, **wishes).configure_cert(context)  # type: ignore[arg-type]
    return context


@dataclass
class Receiver:
    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def receiver(behave: Behavior, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Accept connections until the test ends; `behave` handles each in a thread of its own."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    it = Receiver(listening.getsockname()[1])
    threads: list[threading.Thread] = []
    taken: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError), connection:
            connection.settimeout(LIMIT_SECONDS)
            if tls:
                with tls.wrap_socket(connection, server_side=True) as secured:
                    taken.append(secured)
                    behave(_recorder(secured, it))
            else:
                taken.append(connection)
                behave(_recorder(connection, it))

    def take() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                it.connections += 1
                threads.append(threading.Thread(target=serve, args=[connection], daemon=True))
                threads[-1].start()

    taking = threading.Thread(target=take, daemon=True)
    taking.start()
    try:
        yield it
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        taking.join(5)
        listening.close()
        for connection in taken:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)


class _Recorder:
    """A connection that keeps its unread bytes, and the receiver that records its requests."""

    def __init__(self, connection: socket.socket, it: Receiver) -> None:
        self.connection, self.it, self.rest = connection, it, b""

    def __getattr__(self, name: str) -> object:
        return getattr(self.connection, name)


def _recorder(connection: socket.socket, it: Receiver) -> socket.socket:
    return _Recorder(connection, it)  # type: ignore[return-value]


def read_request(connection: socket.socket) -> bytes:
    """One request, head and body; b"" if the client has disconnected."""
    recorder: _Recorder = connection  # type: ignore[assignment]
    while b"\r\n\r\n" not in recorder.rest:
        piece = connection.recv(65_536)
        if not piece:
            return b""
        recorder.rest += piece
    head, _, rest = recorder.rest.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(rest) < length:
        rest += connection.recv(65_536)
    recorder.rest = rest[length:]
    recorder.it.requests.append(head + b"\r\n\r\n" + rest[:length])
    return recorder.it.requests[-1]


def answers(*replies: bytes) -> Behavior:
    """Answer each request with the next reply, then always with the last one; keep the connection open."""

    def behave(connection: socket.socket) -> None:
        coming = list(replies)
        while read_request(connection):
            connection.sendall(coming.pop(0) if len(coming) > 1 else coming[0])

    return behave


def answers_once(connection: socket.socket) -> None:
    """Answer one request, and leave the connection open."""
    read_request(connection)
    connection.sendall(OK)


def says_and_closes(reply: bytes) -> Behavior:
    """Answer one request with these bytes and close the connection."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(reply)

    return behave


def drips(start: bytes, drop: bytes, end: bytes, drops: int = 3_000, every: float = 0.02) -> Behavior:
    """Answer in small pieces until the client disconnects; otherwise, the answer is complete after a minute."""

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(start)
        for _ in range(drops):
            connection.sendall(drop)
            time.sleep(every)
        connection.sendall(end)

    return behave


def drips_handshake(connection: socket.socket) -> None:
    """Send a long TLS record byte by byte until the client closes the connection."""
    connection.recv(65_536)
    for byte in bytes([22, 3, 3, 0x40, 0]) + bytes(3_000):
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


def never_answers(connection: socket.socket) -> None:
    """Read the request and send nothing until the client closes the connection."""
    while connection.recv(65_536):
        pass


def leads_to(*addresses: str) -> Callable[[str, int], list[tuple[object, ...]]]:
    """A resolver that returns these addresses for every name, and a literal address unchanged."""

    def resolver(host: str, port: int) -> list[tuple[object, ...]]:
        with contextlib.suppress(ValueError):
            return [_answer(str(ip_address(host)), port)]
        return [_answer(address, port) for address in addresses]

    return resolver


HERE = leads_to("127.0.0.1")


def _answer(address: str, port: int) -> tuple[object, ...]:
    six = ":" in address
    family = socket.AF_INET6 if six else socket.AF_INET
    return family, socket.SOCK_STREAM, 6, "", (address, port, 0, 0) if six else (address, port)


def refused(client: HttpClient, url: str, **limits: Any) -> RequestFailed:
    """The error that this request raises."""
    try:
        client.request("POST", url, http=True, **limits)
    except RequestFailed as failure:
        return failure
    raise AssertionError(f"{url} was answered")
