"""The HTTP client: exact requests, and a response or a named error whatever the receiver does."""

import socket
import tomllib

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from sending.http.client import VERSION, HttpClient
from sending.http.errors import RequestFailed
from sending.http.informational_responses import skip_informational
from tests.support.processes import ROOT
from tests.support.receivers import HERE, OK, answers, leads_to, receiver, refused, says_and_closes


def test_response_is_complete(client):
    reply = b"HTTP/1.1 201 Made\r\nContent-Length: 5\r\nX-One: a\r\nX-One: b\r\n\r\nhello"
    with receiver(answers(reply)) as there:
        got = client.request("POST", f"http://receiver.test:{there.port}/x?y=z", body=b"{}", http=True)
    assert (got.status, got.body, got.truncated, got.headers["x-one"]) == (201, b"hello", False, "a, b")
    assert (got.ip_address, got.tls, got.timing.reused) == ("127.0.0.1", None, False)


def test_request_has_few_headers_and_a_user_agent(client):
    with receiver(answers(OK)) as there:
        client.request(
            "POST", f"http://receiver.test:{there.port}/x?y=%2F", headers={"X-A": "b"}, body=b"{}", http=True
        )
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    assert sorted(head.decode().split("\r\n")) == sorted(
        [
            "POST /x?y=%2F HTTP/1.1",
            f"Host: receiver.test:{there.port}",
            f"User-Agent: CallAndResponse/{VERSION}",
            "Accept: */*",
            "Accept-Encoding: identity",
            "X-A: b",
            "Content-Length: 2",
        ]
    )
    assert body == b"{}"


def test_user_agent_has_the_version_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


@pytest.mark.parametrize("interim", [b"102 Processing", b"103 Early Hints", b"199 Unknown"])
def test_informational_responses_are_skipped(client, interim):
    hint = b"HTTP/1.1 " + interim + b"\r\nLink: </style.css>; rel=preload\r\n\r\n"
    with receiver(answers(hint + hint + OK)) as there:
        response = client.request("POST", f"http://receiver.test:{there.port}/", body=b"{}", http=True)
        assert (response.status, response.body) == (200, b"hi")
        assert client.request("GET", f"http://receiver.test:{there.port}/", http=True).timing.reused


def test_a_requests_session_skips_informational_responses():
    with receiver(answers(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK)) as there:
        session = skip_informational(requests.Session())
        assert session.get(f"http://127.0.0.1:{there.port}/").status_code == 200


def test_redirect_is_returned_and_not_followed(client):
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\n\r\n"
    with receiver(answers(moved)) as there:
        reply = client.request("GET", f"http://receiver.test:{there.port}/", http=True)
    assert (reply.status, reply.headers["location"]) == (302, "http://169.254.169.254/latest/meta-data/")


def test_cookies_are_not_sent_back(client):
    baked = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Length: 0\r\n\r\n"
    with receiver(answers(baked)) as there:
        for _ in range(2):
            client.request("GET", f"http://receiver.test:{there.port}/", http=True)
    assert b"cookie" not in there.requests[1].lower()


def test_proxy_and_netrc_of_the_environment_are_ignored(client, monkeypatch, tmp_path):
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / "netrc").write_text("machine receiver.test login someone password hidden\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with receiver(answers(OK)) as there:
        assert client.request("GET", f"http://receiver.test:{there.port}/", http=True).status == 200
    assert b"authorization" not in there.requests[0].lower()


@pytest.mark.parametrize("header", ["Host", "content-length", "Transfer-Encoding", "Connection", "Cookie"])
def test_framing_headers_are_refused(client, header):
    with pytest.raises(RequestFailed, match="must not set"):
        client.request("POST", "https://receiver.test/", headers={header: "x"})


@pytest.mark.parametrize("value", ["a\r\nX-B: c", "a\nb", "a\x00b", "ś"])
def test_header_injection_is_impossible(client, value):
    with receiver(answers(OK)) as there:
        try:
            client.request("GET", f"http://receiver.test:{there.port}/", headers={"X-A": value}, http=True)
        except RequestFailed as failure:
            assert failure.cause == "protocol"
        assert not any(b"\nX-B" in request for request in there.requests)


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (b"", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "protocol"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "protocol"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\nContent-Length: 7\r\n\r\n", "protocol"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "protocol"),
        (b"HTTP/1.1 999999 What\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "too large"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "too large"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 70_000, "too large"),
    ],
)
def test_invalid_responses_have_a_named_cause(client, reply, cause):
    with receiver(says_and_closes(reply)) as there:
        assert refused(client, f"http://receiver.test:{there.port}/").cause == cause


def test_compressed_body_is_not_decompressed(client):
    packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"
    with receiver(answers(packed)) as there:
        assert client.request("GET", f"http://receiver.test:{there.port}/", http=True).body == b"abc"


def test_refused_connection_has_the_cause_connect(client):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    failure = refused(client, f"http://receiver.test:{port}/")
    assert (failure.cause, failure.detail) == ("connect", "receiver.test does not accept connections.")


def test_next_address_is_tried():
    with receiver(answers(OK)) as there:
        client = HttpClient(allow_loopback=True, resolver=leads_to("127.9.9.9", "127.0.0.1"))
        assert client.request("GET", f"http://receiver.test:{there.port}/", http=True).ip_address == "127.0.0.1"
        client.close()


ANYONE = HttpClient(allow_loopback=True, resolver=HERE)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=60).map(b"HTTP/1.1 200 OK\r\n".__add__))
def test_any_bytes_end_in_a_response_or_a_named_error(reply):
    with receiver(says_and_closes(reply)) as there:
        try:
            assert ANYONE.request("GET", f"http://receiver.test:{there.port}/", http=True, total_timeout=2).status
        except RequestFailed as failure:
            assert failure.cause in {"protocol", "timeout", "too large"}
