"""An app on a real socket, served by threads of this process.

Unlike Ringback's server for tests, werkzeug's gives the app the URL byte for byte, which signatures need.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIApplication

from werkzeug.serving import make_server


@contextmanager
def serving(make_app: Callable[[str], WSGIApplication]) -> Iterator[str]:
    """Serve the app that `make_app` returns for its origin, such as http://127.0.0.1:5000. Yields the origin."""
    server = make_server("127.0.0.1", 0, lambda environ, start: app(environ, start), threaded=True)
    origin = f"http://127.0.0.1:{server.server_port}"
    app = make_app(origin)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield origin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
