"""One open event stream: what waits to be sent to it, never more than a megabyte."""

import contextlib
import os
import queue
import socket
import threading
from collections.abc import Iterator
from typing import Protocol

MAX_QUEUED_BYTES = 1_000_000  # bytes. A viewer that reads slower than this fills is cut off, and resumes by id


class ViewerSocket(Protocol):
    """What a viewer needs of a socket."""

    def recv(self, size: int, flags: int, /) -> bytes: ...
    def fileno(self) -> int: ...


class Viewer:
    """`seen` is the id of the newest event this viewer has or is about to get."""

    def __init__(self, seen: str, line: ViewerSocket | None = None):
        self.seen = seen
        self.is_closed = False
        self._line = line
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._size = 0

    def give(self, chunk: bytes) -> None:
        """Queue a chunk, or cut the viewer off when too much waits already."""
        if self.is_closed:
            return
        if self._size + len(chunk) > MAX_QUEUED_BYTES:
            self.disconnect()
            return
        self._size += len(chunk)
        self._waiting.put(chunk)

    def chunks(self) -> Iterator[bytes]:
        """What to send, as it comes, until the viewer goes."""
        while (chunk := self._waiting.get()) is not None:
            self._size -= len(chunk)
            yield chunk

    def leave(self) -> None:
        """End the stream once what waits has been sent."""
        self.is_closed = True
        self._waiting.put(None)

    def disconnect(self) -> None:
        """End the stream now, also when the server is stuck sending to somebody who does not read."""
        self.leave()
        if self._line:
            # Through a twin: gevent would wake the sender as if its socket were closed, and gunicorn log a trace.
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._line.fileno())) as twin:
                twin.shutdown(socket.SHUT_RDWR)

    def watch(self) -> None:
        """Leave as soon as the other side closes: without this a quiet stream would notice minutes later."""
        if self._line:
            threading.Thread(target=self._wait_until_closed, args=(self._line,), daemon=True).start()

    def _wait_until_closed(self, line: ViewerSocket) -> None:
        with contextlib.suppress(OSError):
            line.recv(1, socket.MSG_PEEK)  # nothing else is due on this connection, so whatever comes means goodbye
        self.leave()
