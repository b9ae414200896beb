"""The viewers of the event stream, each with a bounded queue of chunks to send."""

import contextlib
import os
import queue
import socket
import threading
from collections.abc import Iterator
from typing import Protocol

MAX_VIEWERS = 500  # per process; gunicorn allows 1,000 connections, and webhooks need the rest
MAX_QUEUED_BYTES = 1_000_000  # a viewer whose backlog would exceed this is disconnected, and reconnects


class TooManyViewers(Exception):
    """This process has MAX_VIEWERS viewers, or is shutting down."""


class ViewerSocket(Protocol):
    """The methods of `socket.socket` that a viewer uses."""

    def recv(self, size: int, flags: int, /) -> bytes: ...
    def fileno(self) -> int: ...


class Viewer:
    """`position` is the position of this viewer's scene, counted from 1; 0 means the current scene."""

    def __init__(self, position: int = 0, sock: ViewerSocket | None = None):
        self.position = position
        self.is_closed = False
        self._sock = sock
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._queued_bytes = 0

    def enqueue(self, chunk: bytes) -> None:
        """Queue a chunk, or disconnect the viewer if its queue is full."""
        if self.is_closed:
            return
        if self._queued_bytes + len(chunk) > MAX_QUEUED_BYTES:
            self.disconnect()
            return
        self._queued_bytes += len(chunk)
        self._queue.put(chunk)

    def chunks(self) -> Iterator[bytes]:
        """Yields the queued chunks until the viewer is closed; blocks while the queue is empty."""
        while (chunk := self._queue.get()) is not None:
            self._queued_bytes -= len(chunk)
            yield chunk

    def close(self) -> None:
        """End the stream after the chunks already queued."""
        self.is_closed = True
        self._queue.put(None)

    def disconnect(self) -> None:
        """End the stream immediately, even if the server is blocked sending to this viewer."""
        self.close()
        if self._sock:
            # On the original socket, gevent would wake the sender with an error that gunicorn would log.
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._sock.fileno())) as duplicate:
                duplicate.shutdown(socket.SHUT_RDWR)

    def watch_socket(self) -> None:
        """Close when the client disconnects; a quiet stream would otherwise notice only minutes later."""
        if self._sock:
            threading.Thread(target=self._wait_until_closed, args=(self._sock,), daemon=True).start()

    def _wait_until_closed(self, sock: ViewerSocket) -> None:
        with contextlib.suppress(OSError):
            sock.recv(1, socket.MSG_PEEK)  # a client sends nothing after its request, so this returns on disconnect
        self.close()
