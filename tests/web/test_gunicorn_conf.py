"""What gunicorn.conf.py does when a web process has started."""

from store.connection_budget import PROCESSES_KEY
from tests.support.waiting import eventually
from tests.support.web_server import WebServer


def test_web_process_registers_with_the_store_before_its_first_request(store, redis, tmp_path):
    server = WebServer(tmp_path, store.port)  # its check for liveness does not use the store
    try:
        eventually(lambda: redis.zcard(PROCESSES_KEY) == 1, lambda: server.log)
    finally:
        server.stop()
