"""Requests through gunicorn on a real socket: chunked, incomplete and malformed."""

import os
import socket
import subprocess
import sys
from contextlib import suppress

import pytest

from receiving import providers
from scripts.demo import read_env
from scripts.supervision.processes import returns_200
from tests.support.ports import reserved_port
from tests.support.processes import ROOT
from tests.support.providers import WAYS, heard, secrets, with_secrets
from tests.support.waiting import LIMIT_SECONDS, eventually

CUT_OFF = 0  # instead of a status: the server closed the connection


@pytest.fixture(scope="module")
def port(store):
    """The port of gunicorn, which has a secret for every provider."""
    port = reserved_port()
    environ = with_secrets(read_env(ROOT / ".env.demo")) | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"}
    environ |= {"PUBLIC_URL": f"http://127.0.0.1:{port}", "WEB_CONCURRENCY": "1"}
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    server = subprocess.Popen([*command, "tests.support.providers:served()"], cwd=ROOT, env=os.environ | environ)
    eventually(lambda: returns_200(f"http://127.0.0.1:{port}/"), "the server answers")
    yield port
    server.terminate()
    server.wait(LIMIT_SECONDS)


@pytest.fixture
def talk(port):
    """Sends these bytes and closes the sending side. Returns the status and the whole response."""

    def say(*parts):
        answer = b""
        with socket.create_connection(("127.0.0.1", port), LIMIT_SECONDS) as line:
            with suppress(ConnectionError):  # the server stops reading once it has rejected the request
                line.sendall(b"".join(part if isinstance(part, bytes) else part.encode("latin-1") for part in parts))
                line.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while part := line.recv(65536):
                    answer += part
        return int(answer.split()[1]) if answer else CUT_OFF, answer.decode("latin-1")

    return say


def request(port, name, event="", drop=(), more=""):
    """The head, without its final empty line, and the body of a genuine webhook."""
    held = secrets(WAYS.get(name, [f"{name}-any-secret-of-a-provider-nobody-has-met"])[0])
    delivery = providers.load()[name].make_signed_sample(event, held, f"http://127.0.0.1:{port}")
    headers = {"host": f"127.0.0.1:{port}", "connection": "close", "content-length": str(len(delivery.body))}
    headers |= delivery.headers
    lines = "".join(f"{header}: {text}\r\n" for header, text in headers.items() if header not in drop)
    return f"POST /webhooks/{name} HTTP/1.1\r\n{lines}{more}", delivery.body


def chunked(body, size):
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize("name", providers.load())
def test_each_provider_is_accepted(name, talk, port, redis):
    head, body = request(port, name)
    assert talk(head, "\r\n", body)[0] in (200, 204)
    assert heard(redis)[0]["provider"] == name


def test_chunked_body_is_accepted(talk, port, redis):
    head, body = request(port, "stripe", drop=["content-length"], more="transfer-encoding: chunked\r\n")
    assert talk(head, "\r\n", chunked(body, 7))[0] == 204
    assert len(heard(redis)) == 1


def test_endless_chunked_body_is_rejected(talk, port, redis):
    head, _ = request(port, "plain", drop=["content-length"], more="transfer-encoding: chunked\r\n")
    status, _ = talk(head, "\r\n", chunked(b'{"a":"' + b"x" * 1024 * 1024 + b'"}', 65536))
    assert status in (413, CUT_OFF)
    assert not heard(redis)


def test_incomplete_body_is_rejected(talk, port, redis):
    """`plain` does not sign the body, so a part of it would be accepted."""
    head, _ = request(port, "plain", drop=["content-length"], more="content-length: 300\r\n")
    assert talk(head, "\r\n", b'{"event": "half"}')[0] == 400
    assert not heard(redis)


def test_duplicate_header_is_rejected(talk, port, redis):
    head, body = request(port, "github")
    line = next(line for line in head.split("\r\n") if line.startswith("x-hub-signature-256"))
    assert talk(head, line, "\r\n\r\n", body)[0] == 403
    assert talk(head, "x-hub-signature-256: sha256=0\r\n\r\n", body)[0] == 403
    assert not heard(redis)


def test_non_ascii_header_is_rejected(talk, port):
    head, body = request(port, "github", drop=["x-hub-signature-256"], more="x-hub-signature-256: \xe9\xff\r\n")
    assert talk(head, "\r\n", body)[0] == 403


def test_invalid_host_is_rejected(talk, port):
    head, body = request(port, "github", drop=["host"], more="host: [\r\n")
    assert 400 <= talk(head.replace("x-hub-signature-256", "x-other"), "\r\n", body)[0] < 500


def test_plain_without_credentials_gets_401(talk, port):
    head, body = request(port, "plain", drop=["authorization"])
    status, answer = talk(head, "\r\n", body)
    assert status == 401
    assert 'WWW-Authenticate: Basic realm="webhooks"' in answer
