"""Clients that are slow, idle or too many: everybody else is served all the same."""

import runpy
import signal
import socket
import time
from contextlib import ExitStack, suppress

import pytest

from tests.support.waiting import LIMIT_SECONDS, eventually
from tests.support.web_server import HEAD, WebServer, new_sid, read_response

CROWD = 300  # clients, of whom this server has room for ninety
UNFINISHED_BODY = f"POST /sms HTTP/1.1\r\n{HEAD}Content-Length: 50\r\n\r\nabc".encode()
UNFINISHED_HEAD = b"POST /sms HTTP/1.1\r\nHost: 127"


@pytest.fixture(scope="module")
def server(store, tmp_path_factory):
    limits = {"TEST_REQUEST_TIMEOUT": "1.5", "TEST_WORKER_CONNECTIONS": "100"}
    server = WebServer(tmp_path_factory.mktemp("web"), store.port, **limits)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def patient_server(store, tmp_path_factory):
    """One whose time limits no test reaches."""
    limits = {"TEST_REQUEST_TIMEOUT": "3600", "TEST_WORKER_CONNECTIONS": "100"}
    server = WebServer(tmp_path_factory.mktemp("web"), store.port, "--graceful-timeout", "3600", **limits)
    yield server
    server.stop()


@pytest.mark.parametrize("start", [UNFINISHED_BODY, UNFINISHED_HEAD], ids=["body", "head"])
def test_incomplete_request_times_out(server, start):
    with server.connect() as line:
        line.sendall(start)
        status, _ = read_response(line)  # would wait for LIMIT_SECONDS
    assert status in (400, 408)


@pytest.mark.parametrize("start", [UNFINISHED_BODY, UNFINISHED_HEAD], ids=["body", "head"])
def test_dripping_request_times_out(server, start):
    with server.connect() as line:
        line.sendall(start)
        line.settimeout(0.1)
        until = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < until:
            try:
                line.sendall(b"x")
                if not line.recv(1_000):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    pytest.fail("the request never times out")


def test_client_that_does_not_read_is_disconnected(server):
    with server.connect() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
        for _ in range(200):  # responses that fill every buffer on the way
            line.sendall(f"GET /catalogue HTTP/1.1\r\n{HEAD}\r\n".encode())
        time.sleep(0.1)
        eventually(lambda: _is_reset(line), "the connection is closed")


def _is_reset(line):
    try:
        line.sendall(f"GET / HTTP/1.1\r\n{HEAD}\r\n".encode())
    except OSError:
        return True
    return False


@pytest.mark.parametrize("start", [b"", UNFINISHED_BODY, UNFINISHED_HEAD], ids=["idle", "body", "head"])
def test_crowd_of_waiting_clients_does_not_delay_a_text(patient_server, start):
    crowd = [patient_server.connect() for _ in range(CROWD)]
    try:
        for line in crowd:
            line.sendall(start)
        for number in range(5):
            patient_server.seconds_for_a_text(new_sid(number))  # would wait for the crowd
    finally:
        for line in crowd:
            line.close()


def test_connection_is_kept_alive(server):
    with server.connect() as line:
        for _ in range(3):
            line.sendall(f"GET /health/live HTTP/1.1\r\n{HEAD}\r\n".encode())
            time.sleep(0.7)  # together longer than the time for one request
            assert line.recv(65_536).startswith(b"HTTP/1.1 200")


def test_keepalive_is_longer_than_on_herokus_router():
    assert runpy.run_path("gunicorn.conf.py")["keepalive"] > 90


def test_idle_clients_do_not_delay_a_restart(patient_server):
    """gunicorn alone waits for them until the graceful timeout, which is an hour here."""
    server = patient_server  # the last test that needs it
    with ExitStack() as clients:

        def has_ended():
            with suppress(OSError):
                clients.enter_context(server.connect())  # the worker still accepts clients for a second
            return server.process.poll() is not None

        clients.enter_context(server.connect())  # it has sent nothing
        line = clients.enter_context(server.connect())
        line.sendall(f"GET /health/live HTTP/1.1\r\n{HEAD}\r\n".encode())
        assert line.recv(65_536)
        server.process.send_signal(signal.SIGTERM)
        eventually(has_ended, "the server has ended")
