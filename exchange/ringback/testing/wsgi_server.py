"""A WSGI app on a loopback port, served by threads of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class ThreadedServer(ThreadingMixIn, WSGIServer):
    """One thread per connection; the threads of abandoned connections end with the process."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without the reverse DNS lookup of the standard library's server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()


class QuietHandler(WSGIRequestHandler):
    """Prints nothing about requests; a test prints them when it fails."""

    def log_message(self, format: str, *args: object) -> None:
        """Do nothing."""


@contextmanager
def serving(app: WSGIApplication, port: int = 0) -> Iterator[str]:
    """Serve the app while the context lasts; 0 means any free port. Yields its origin, such as http://127.0.0.1:5000."""
    server = make_server("127.0.0.1", port, app, ThreadedServer, QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
