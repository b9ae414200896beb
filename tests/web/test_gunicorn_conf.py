"""What gunicorn.conf.py does when a web process has started."""

import os

from bench.load_generator import ROOT, serve, wait_until_open
from scripts.demo import read_env
from store.connection_budget import PROCESSES_KEY
from tests.support.ports import reserved_port
from tests.support.processes import descendants
from tests.support.waiting import eventually
from tests.support.web_server import WebServer


def test_web_process_registers_with_the_store_before_its_first_request(store, redis, tmp_path):
    server = WebServer(tmp_path, store.port)  # its check for liveness does not use the store
    try:
        eventually(lambda: registered_pids(redis) & set(descendants(server.process.pid)), lambda: server.log)
    finally:
        server.stop()


def registered_pids(redis):
    return {int(member.split(b":")[2]) for member in redis.zrange(PROCESSES_KEY, 0, -1)}


def test_an_app_without_a_store_is_served_with_the_same_settings():
    """The benchmarks serve the apps that they compare with this way."""
    port = reserved_port()
    server = serve("bench.alternatives.tutorial:app", port, os.environ | read_env(ROOT / ".env.demo"))
    try:
        wait_until_open(port)
    finally:
        server.terminate()
        server.wait(20)
