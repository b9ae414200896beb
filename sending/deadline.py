"""A deadline that holds whatever the other side does: when the time is up, the socket is shut."""

import contextlib
import socket
import threading
import time
from typing import Self

from sending.failures import Failure


class Deadline:
    """Use as a context manager around one request, and hand it the socket the request is on.

    A socket's own time-out starts anew with each byte, so a server that drips one byte a second holds a client for
    ever: in the handshake, in the head, in the body. Shutting the socket ends all of them, in threads and in greenlets.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._over = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self.watch(None)  # from here on the socket may be at work for somebody else

    @property
    def passed(self) -> bool:
        return self._over or time.monotonic() >= self._ends

    def left(self) -> float:
        """Seconds left; a timeout Failure when there are none."""
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise Failure("timeout", "It took too long.")
        return seconds

    def watch(self, sock: socket.socket | None) -> None:
        """From now on, this is the socket to shut."""
        with self._lock:
            self._socket = sock
            if self._over:
                self._shut()

    def _cut(self) -> None:
        with self._lock:
            self._over = True
            self._shut()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):  # it may be closed already
            if self._socket is not None:
                # Not self._socket.shutdown: an SSLSocket forgets its encryption there, under its reader's feet.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
