"""A deadline for a whole request: when it expires, the request's socket is shut down."""

import contextlib
import heapq
import os
import socket
import threading
import time
from typing import Self

from sending.http.errors import RequestFailed


class Deadline:
    """A context manager for one request. `watch` tells it which socket the request uses.

    A socket's timeout restarts with each byte, so a server that sends one byte per second could block a client forever.
    Shutting down the socket interrupts the handshake, the headers or the body, both in threads and in greenlets.
    """

    def __init__(self, seconds: float) -> None:
        self.expires_at = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_expired = False
        self.is_finished = False  # the request is over, so its socket must not be shut down

    def __enter__(self) -> Self:
        watchdog.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.watch(None)  # another request may use the socket from now on
        self.is_finished = True

    @property
    def has_passed(self) -> bool:
        """Whether no time remains."""
        return self._is_expired or time.monotonic() >= self.expires_at

    def remaining(self) -> float:
        """Return the remaining seconds. Raises RequestFailed (timeout) if there are none."""
        seconds = self.expires_at - time.monotonic()
        if seconds <= 0:
            raise RequestFailed("timeout", "The request took too long.")
        return seconds

    def watch(self, sock: socket.socket | None) -> None:
        """Choose which socket is shut down when the deadline expires; None for no socket."""
        with self._lock:
            self._socket = sock
            if self._is_expired:
                self._shut()

    def expire(self) -> None:
        """Shut down the socket, and any socket watched later."""
        with self._lock:
            self._is_expired = True
            self._shut()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):  # it may already be closed
            if self._socket is not None:
                # Not self._socket.shutdown(): an SSLSocket would drop its TLS state while another thread is reading.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Watchdog:
    """One thread per process that expires deadlines. It ends when no deadline is pending.

    A thread per request would cost more than the rest of the request.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pending: list[tuple[float, int, Deadline]] = []
        self._is_running = False

    def add(self, deadline: Deadline) -> None:
        """Expire this deadline on time, unless its request finishes first."""
        with self._changed:
            heapq.heappush(self._pending, (deadline.expires_at, id(deadline), deadline))
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()
            elif self._pending[0][2] is deadline:
                self._changed.notify()

    def _run(self) -> None:
        while deadline := self._wait_for_expired():
            deadline.expire()

    def _wait_for_expired(self) -> Deadline | None:
        with self._changed:
            while self._pending:
                seconds = self._pending[0][0] - time.monotonic()
                if self._pending[0][2].is_finished:  # most are: waking up as each one finishes would cost more
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


os.register_at_fork(after_in_child=_reset_after_fork)  # a child process lacks the thread, and the lock may be held
