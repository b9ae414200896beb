"""A deadline that holds whatever the other side does: when the time is up, the socket is shut."""

import contextlib
import heapq
import os
import socket
import threading
import time
from typing import Self

from sending.http.errors import RequestFailed


class Deadline:
    """Use as a context manager around one request, and hand it the socket the request is on.

    A socket's own time-out starts anew with each byte, so a server that drips one byte a second holds a client for
    ever: in the handshake, in the head, in the body. Shutting the socket ends all of them, in threads and in greenlets.
    """

    def __init__(self, seconds: float) -> None:
        self.expires_at = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_expired = False
        self.is_finished = False  # the request ended in time

    def __enter__(self) -> Self:
        watchdog.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.watch(None)  # from here on the socket may be at work for somebody else
        self.is_finished = True

    @property
    def has_passed(self) -> bool:
        return self._is_expired or time.monotonic() >= self.expires_at

    def remaining(self) -> float:
        """Seconds left; a timeout RequestFailed when there are none."""
        seconds = self.expires_at - time.monotonic()
        if seconds <= 0:
            raise RequestFailed("timeout", "It took too long.")
        return seconds

    def watch(self, sock: socket.socket | None) -> None:
        """From now on, this is the socket to shut."""
        with self._lock:
            self._socket = sock
            if self._is_expired:
                self._shut()

    def expire(self) -> None:
        """The time is up."""
        with self._lock:
            self._is_expired = True
            self._shut()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):  # it may be closed already
            if self._socket is not None:
                # Not self._socket.shutdown: an SSLSocket forgets its encryption there, under its reader's feet.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Watchdog:
    """One thread that cuts every deadline of this process when it passes; it is there while there are any.

    A thread for each request would cost more than the rest of a request.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pending: list[tuple[float, int, Deadline]] = []
        self._is_running = False

    def add(self, deadline: Deadline) -> None:
        with self._changed:
            heapq.heappush(self._pending, (deadline.expires_at, id(deadline), deadline))
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()
            elif self._pending[0][2] is deadline:
                self._changed.notify()

    def _run(self) -> None:
        while passed := self._wait_for_expired():
            passed.expire()

    def _wait_for_expired(self) -> Deadline | None:
        with self._changed:
            while self._pending:
                seconds = self._pending[0][0] - time.monotonic()
                if self._pending[0][2].is_finished:  # nearly all are: to wake up for each would cost every request
                    heapq.heappop(self._pending)
                elif seconds <= 0:
                    return heapq.heappop(self._pending)[2]
                else:
                    self._changed.wait(seconds)
            self._is_running = False
            return None


watchdog = Watchdog()


def _reset_after_fork() -> None:
    global watchdog
    watchdog = Watchdog()


os.register_at_fork(after_in_child=_reset_after_fork)  # threads don't come along, and a lock may have been held
