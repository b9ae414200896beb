"""gunicorn's gevent worker, with limits on slow and idle clients, and on the number of clients.

gunicorn expects a buffering proxy in front of it, but neither Heroku's router nor a tunnel buffers:
https://docs.gunicorn.org/en/stable/deploy.html.
"""

import os
import socket
import time
from contextlib import suppress
from typing import Any

import gevent
from gunicorn.http import get_parser
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.unreader import SocketUnreader
from gunicorn.util import close, close_graceful, write_error
from gunicorn.workers.ggevent import GeventWorker

REQUEST_TIMEOUT_SECONDS = 30  # from the first byte of a request to the last, and for sending each chunk of a response
ROOM_SHARE = 0.9  # of worker_connections; above this, the client that we have waited for longest is disconnected
LATE_CLIENT_SECONDS = 1  # in which a client that is accepted during the shutdown must begin its request
DRAIN_BYTES = 1024 * 1024  # read at a time from a body that the app has not read


class ClientReader(SocketUnreader):
    """Reads from one client. `waiting_since` is None unless the worker is waiting for this client."""

    def __init__(self, client: socket.socket) -> None:
        super().__init__(client)
        self.idle_seconds: float = REQUEST_TIMEOUT_SECONDS  # how long the next request may take to begin
        self.deadline: float | None = None  # for the request that has begun
        self.phase_began = time.monotonic()
        self.waiting_since: float | None = None

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the client's next bytes, or b"" at the end. Raises TimeoutError if the request takes too long."""
        now = time.monotonic()
        until = self.deadline or self.phase_began + self.idle_seconds
        self.waiting_since = self.phase_began
        self.sock.settimeout(max(until - now, 0.001))
        try:
            data: bytes = super().chunk(size_hint)
        finally:
            self.waiting_since = None
            self.sock.settimeout(REQUEST_TIMEOUT_SECONDS)
        if self.deadline is None:
            self.phase_began = time.monotonic()
            self.deadline = self.phase_began + REQUEST_TIMEOUT_SECONDS
        return data

    def expect_next_request(self, idle_seconds: float) -> None:
        """Forget the finished request. The next one must begin within `idle_seconds`."""
        self.phase_began, self.deadline, self.idle_seconds = time.monotonic(), None, idle_seconds

    def linger(self) -> None:
        """Discard what the client still sends, for at most 2 s: closing earlier could truncate our response."""
        self.waiting_since = self.phase_began
        close_graceful(self.sock)

    def disconnect(self) -> None:
        """End the connection once everything that has already arrived has been processed."""
        self.waiting_since = None
        # On the original socket, this would make gevent raise an error in the greenlet that is waiting for it.
        with suppress(OSError), socket.socket(fileno=os.dup(self.sock.fileno())) as duplicate:
            duplicate.shutdown(socket.SHUT_RD)


class WebWorker(GeventWorker):
    """Serves HTTP/1.1. When connections run out, clients without a request in progress are disconnected."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.readers: set[ClientReader] = set()

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """Serve one client until either side closes the connection."""
        reader, request, is_in_step = ClientReader(client), None, True
        self.readers.add(reader)
        if len(self.readers) > self.worker_connections * ROOM_SHARE:
            self._make_room()
        try:
            parser = get_parser(self.cfg, client, addr)
            parser.unreader = reader
            while True:
                request = None
                request = next(parser)
                is_reusable = self._process(listener, request, client, addr)
                is_in_step = self._drain(request.body)
                if not (is_in_step and is_reusable and self.alive):
                    break
                reader.expect_next_request(self.cfg.keepalive)
        except (StopIteration, NoMoreData):
            pass
        except TimeoutError:
            if reader.deadline and not request:
                write_error(client, 408, "Request Timeout", "")
        except OSError as error:
            self.log.debug("A client has disconnected: %s", error)
        except Exception as error:
            is_in_step = False
            self.handle_error(request, client, addr, error)
        finally:
            if not is_in_step:
                reader.linger()
            self.readers.discard(reader)
            close(client)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """On SIGTERM, finish in-flight requests and disconnect all other clients."""
        super().handle_exit(sig, frame)
        gevent.spawn(self._disconnect_idle)

    def _process(self, listener: Any, request: Any, client: socket.socket, addr: Any) -> bool:
        """Respond to a request. Return whether the connection can be reused."""
        try:
            self.handle_request(listener.getsockname(), request, client, addr)
        except StopIteration:
            return False
        return True

    def _drain(self, body: Any) -> bool:
        """Read the rest of a body: otherwise, closing the connection would reset it and lose the response.

        Return False if the body is malformed.
        """
        try:
            while body.read(DRAIN_BYTES):
                gevent.sleep(0)
        except ParseException:
            return False
        return True

    def _make_room(self) -> None:
        waiting = [reader for reader in self.readers if reader.waiting_since is not None]
        if waiting:
            min(waiting, key=lambda reader: reader.waiting_since or 0).disconnect()

    def _disconnect_idle(self) -> None:
        patience = 0.0
        while True:  # until the process ends: for up to a second after SIGTERM, gunicorn still accepts clients
            since = time.monotonic() - patience
            for reader in list(self.readers):
                if reader.waiting_since is not None and reader.deadline is None and reader.waiting_since <= since:
                    reader.disconnect()
            patience = LATE_CLIENT_SECONDS
            gevent.sleep(0.1)
