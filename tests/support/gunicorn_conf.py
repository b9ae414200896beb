"""As gunicorn.conf.py does it: streams can ask whether their process is to end."""

import socket


def post_worker_init(worker):
    for listener in worker.sockets:  # so that little is on its way to a screen that does not read
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
    worker.wsgi.extensions["is_serving"] = lambda: worker.alive
