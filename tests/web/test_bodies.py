"""Bodies that are malformed, too large or of the wrong type are rejected with one sentence, and cost little memory."""

import pytest

from tests.support.web_server import HEAD, WebServer

CHUNKED = f"POST %s HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
MALFORMED = {
    "size zz": "zz\r\nabc\r\n0\r\n\r\n",
    "size -1": "-1\r\nabc\r\n0\r\n\r\n",
    "no size": "\r\nabc\r\n0\r\n\r\n",
    "no terminator": "3\r\nabcdef\r\n0\r\n\r\n",
    "quote in the extension": '3;a="b\r\nabc\r\n0\r\n\r\n',
    "bare line feed": "3\nabc\n0\n\n",
    "broken off": "5\r\nab",
    "forbidden trailer": "3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n",
    "trailer without a name": "3\r\nabc\r\n0\r\n: x\r\n\r\n",
    "endless trailer": "0\r\n" + "a: b\r\n" * 60_000,
    "endless size": "0" * 100_000,
}


@pytest.fixture(scope="module")
def server(store, tmp_path_factory):
    server = WebServer(tmp_path_factory.mktemp("web"), store.port)
    yield server
    server.stop()


@pytest.mark.parametrize("path", ["/sms", "/webhooks/mandrill", "/present/login"])
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_body_is_a_bad_request(server, path, name):
    before = server.log.count("\n")
    status, answer = server.send(CHUNKED % path, MALFORMED[name])
    assert 400 <= status < 500, answer
    assert answer.count("HTTP/1.1") == 1
    assert server.log.count("\n") - before <= 1, server.log
    assert "Traceback" not in server.log
