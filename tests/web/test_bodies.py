"""Bodies that are malformed, too large or of the wrong type are rejected with one sentence, and cost little memory."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.web_server import HEAD, WebServer, new_sid

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
CHUNKED = f"POST %s HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\nContent-Type: {FORM}\r\n\r\n"
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
def test_malformed_chunked_body_is_a_bad_request(server, path, name):
    before = server.log.count("\n")
    status, answer = server.send(CHUNKED % path, MALFORMED[name])
    assert 400 <= status < 500, answer
    assert answer.count("HTTP/1.1") == 1
    assert server.log.count("\n") - before <= 1, server.log
    assert "Traceback" not in server.log


def oversized(path: str, content_type: str, megabytes: int) -> list[bytes]:
    """A request of this size, in pieces of a megabyte."""
    size = megabytes * 1024 * 1024
    head = f"POST {path} HTTP/1.1\r\n{HEAD}Content-Type: {content_type}\r\nContent-Length: {size}\r\n\r\n"
    return [head.encode(), *[b"password=" + b"x" * (1024 * 1024 - 9)] * megabytes]


@pytest.mark.parametrize(
    ("path", "content_type", "status"),
    [
        ("/present/login", FORM, 413),
        ("/present/login", MULTIPART, 413),
        ("/sms", FORM, 413),
        ("/webhooks/mandrill", FORM, 413),
        ("/webhooks/github", MULTIPART, 415),
        ("/webhooks/sendgrid", MULTIPART, 413),
        ("/unfollow/x", MULTIPART, 413),
    ],
)
def test_huge_body_is_rejected_before_it_is_read(server, path, content_type, status):
    got, answer = server.send(*oversized(path, content_type, 60))
    assert got == status, answer
    assert server.megabytes < 200


def test_forms_with_millions_of_escapes_do_not_delay_a_text(server):
    head = f"POST /webhooks/mandrill HTTP/1.1\r\n{HEAD}Content-Type: {FORM}\r\nX-Mandrill-Signature: x\r\n"
    body = b"mandrill_events=" + b"%5B" * 3_400_000
    with ThreadPoolExecutor(8) as pool:
        rejected = [pool.submit(server.send, f"{head}Content-Length: {len(body)}\r\n\r\n", body) for _ in range(16)]
        times = [server.seconds_for_a_text(new_sid(number)) for number in range(5)]
        assert {future.result()[0] for future in rejected} <= {403, 503}
    assert sorted(times)[2] < 1, times
    assert server.megabytes < 200


@pytest.mark.parametrize("path", ["/present/login", "/present/endpoints", "/unfollow/x"])
def test_pages_reject_multipart(visitor, path):
    assert visitor.post(path, data=b"--x--", content_type=MULTIPART).status_code == 415
