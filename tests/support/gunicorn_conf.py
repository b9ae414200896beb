"""Like gunicorn.conf.py, lets event streams ask whether their process is shutting down."""

import socket


def post_worker_init(worker):
    for listener in worker.sockets:  # so that little is buffered for a screen that does not read
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
    worker.wsgi.extensions["is_serving"] = lambda: worker.alive
