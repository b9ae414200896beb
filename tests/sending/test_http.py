"""The good client, against receivers with manners and without."""

import datetime
import re
import socket
import subprocess
import sys
import threading
import tomllib
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import (
    AUTHORITY,
    OK,
    answers,
    answers_once,
    drips,
    drips_handshake,
    leads_to,
    never_answers,
    read_request,
    receiver,
    says_and_closes,
    tls_for,
)

from sending.failures import Failure
from sending.http import VERSION, Client

HERE = leads_to("127.0.0.1")
SOON = 0.25  # seconds; the receivers that drip are done after three


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def client(authorities):
    client = Client(allow_loopback=True, authorities=authorities, resolver=HERE)
    yield client
    client.close()


def test_an_answer_comes_back_whole(client):
    reply = b"HTTP/1.1 201 Made\r\nContent-Length: 5\r\nX-One: a\r\nX-One: b\r\n\r\nhello"
    with receiver(answers(reply)) as there:
        got = client.request("POST", f"http://receiver.test:{there.port}/x?y=z", body=b"{}", http=True)
    assert (got.status, got.body, got.truncated, got.headers["x-one"]) == (201, b"hello", False, "a, b")
    assert (got.address, got.tls, got.timing.reused) == ("127.0.0.1", None, False)


def test_what_is_sent_is_plain_and_says_who_we_are(client):
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


def test_the_version_we_state_is_the_projects():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def test_two_requests_over_tls_share_one_connection_and_one_look_up(authorities):
    asked = []

    def resolver(host, port):
        asked.append(host)
        return HERE(host, port)

    client = Client(allow_loopback=True, authorities=authorities, resolver=resolver)
    with receiver(answers(OK), tls_for("receiver.test")) as there:
        first, second = [client.request("GET", f"https://receiver.test:{there.port}/") for _ in range(2)]
        client.close()
    assert (there.connections, asked) == (1, ["receiver.test"])
    assert (first.timing.reused, second.timing.reused) == (False, True)
    assert first.timing.secure > 0 == second.timing.secure
    assert second.tls == first.tls


def test_a_fresh_request_opens_a_connection_of_its_own(client):
    with receiver(answers(OK)) as there:
        for _ in range(2):
            assert not client.request("GET", f"http://receiver.test:{there.port}/", http=True, fresh=True).timing.reused
    assert there.connections == 2


def test_two_names_on_one_address_never_share_a_connection(client):
    with receiver(answers(OK), tls_for("one.test", "two.test")) as there:
        for name in ["one.test", "two.test", "one.test"]:
            client.request("GET", f"https://{name}:{there.port}/")
    assert there.connections == 2


def test_the_certificate_is_part_of_the_reply(client):
    ends = datetime.datetime(2099, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    with receiver(answers(OK), tls_for("receiver.test", not_after=ends)) as there:
        reply = client.request("GET", f"https://receiver.test:{there.port}/")
    assert (reply.tls.names, reply.tls.ends, reply.tls.protocol) == (("receiver.test",), ends, "TLSv1.3")


@pytest.mark.parametrize(
    ("tls", "sentence"),
    [
        (lambda: tls_for("other.test"), "The certificate there is not for receiver.test but for another name."),
        (lambda: tls_for("receiver.test", not_after=THEN), "The certificate of receiver.test has ended."),
    ],
)
def test_a_certificate_out_of_order_ends_it(client, tls, sentence):
    with receiver(answers(OK), tls()) as there:
        failure = refused(client, f"https://receiver.test:{there.port}/")
    assert (failure.cause, failure.sentence) == ("tls", sentence)
    assert there.requests == []


THEN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def test_an_authority_nobody_knows_is_not_trusted():
    client = Client(allow_loopback=True, resolver=HERE)
    with receiver(answers(OK), tls_for("receiver.test")) as there:
        failure = refused(client, f"https://receiver.test:{there.port}/")
    assert (failure.cause, failure.sentence) == (
        "tls",
        "The certificate of receiver.test is signed by nobody we trust.",
    )


def test_a_server_without_tls_is_not_spoken_to_in_the_clear(client):
    def temper(connection):
        connection.recv(65_536)
        connection.sendall(OK)

    with receiver(temper) as there:
        assert refused(client, f"https://receiver.test:{there.port}/").cause == "tls"


def test_a_redirect_is_reported_and_not_followed(client):
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\n\r\n"
    with receiver(answers(moved)) as there:
        reply = client.request("GET", f"http://receiver.test:{there.port}/", http=True)
    assert (reply.status, reply.headers["location"]) == (302, "http://169.254.169.254/latest/meta-data/")


def test_a_cookie_is_never_sent_back(client):
    baked = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Length: 0\r\n\r\n"
    with receiver(answers(baked)) as there:
        for _ in range(2):
            client.request("GET", f"http://receiver.test:{there.port}/", http=True)
    assert b"cookie" not in there.requests[1].lower()


def test_the_surroundings_have_no_say(client, monkeypatch, tmp_path):
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / "netrc").write_text("machine receiver.test login someone password hidden\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with receiver(answers(OK)) as there:
        assert client.request("GET", f"http://receiver.test:{there.port}/", http=True).status == 200
    assert b"authorization" not in there.requests[0].lower()


@pytest.mark.parametrize("header", ["Host", "content-length", "Transfer-Encoding", "Connection", "Cookie"])
def test_headers_that_frame_the_message_are_ours(client, header):
    with pytest.raises(Failure, match="not for callers"):
        client.request("POST", "https://receiver.test/", headers={header: "x"})


@pytest.mark.parametrize("value", ["a\r\nX-B: c", "a\nb", "a\x00b", "ś"])
def test_a_header_cannot_smuggle_another(client, value):
    with receiver(answers(OK)) as there:
        try:
            client.request("GET", f"http://receiver.test:{there.port}/", headers={"X-A": value}, http=True)
        except Failure as failure:
            assert failure.cause == "protocol"
        assert not any(b"\nX-B" in request for request in there.requests)


@pytest.mark.parametrize(
    "temper",
    [
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 150\r\n\r\n", b"x", b""),
        drips(b"HTTP/1.1 200 OK\r\n\r\n", b"x", b""),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", b"0\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nX: ", b"x", b"\r\nContent-Length: 0\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", b"Content-Length: 0\r\n\r\n", drops=90, every=0.03),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n", OK),
        never_answers,
    ],
    ids=["body", "body without an end", "chunks", "header", "headers", "continue", "silence"],
)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_receiver_that_drips_is_left_on_time(client, temper, tls):
    with receiver(temper, tls_for("receiver.test") if tls else None) as there:
        failure = refused(client, f"http{'s' * tls}://receiver.test:{there.port}/", finish_within=SOON)
    assert (failure.cause, there.got_to_the_end) == ("timeout", False)


def test_a_receiver_that_drips_on_a_used_connection_is_left_on_time(client):
    def temper(connection):
        answers_once(connection)
        drips(b"HTTP/1.1 200 OK\r\nX: ", b"x", b"\r\nContent-Length: 0\r\n\r\n")(connection)

    with receiver(temper) as there:
        client.request("GET", f"http://receiver.test:{there.port}/", http=True)
        failure = refused(client, f"http://receiver.test:{there.port}/", finish_within=SOON)
    assert (failure.cause, there.got_to_the_end, there.connections) == ("timeout", False, 1)


def test_a_receiver_that_drips_its_handshake_is_left_on_time(client):
    with receiver(drips_handshake) as there:
        failure = refused(client, f"https://receiver.test:{there.port}/", finish_within=SOON)
    assert (failure.cause, there.got_to_the_end) == ("timeout", False)


def test_a_receiver_that_reads_at_a_drip_is_left_on_time(client):
    def temper(connection):
        for _ in range(300):
            connection.recv(20_000)
            threading.Event().wait(0.01)
        connection.it.got_to_the_end = bool(connection.recv(1))

    with receiver(temper) as there:
        failure = refused(client, f"http://receiver.test:{there.port}/", body=bytes(40_000_000), finish_within=SOON)
    assert (failure.cause, there.got_to_the_end) == ("timeout", False)


def test_a_connection_that_was_in_time_is_not_shut_later(client):
    with receiver(answers(OK)) as there:
        client.request("GET", f"http://receiver.test:{there.port}/", http=True, finish_within=0.2)
        threading.Event().wait(0.3)  # past the first request's deadline
        assert client.request("GET", f"http://receiver.test:{there.port}/", http=True).timing.reused


def test_a_resolver_that_never_answers_is_left_on_time(authorities):
    let_go = threading.Event()

    def resolver(host, port):
        let_go.wait(3)
        return HERE(host, port)

    with receiver(answers(OK)) as there:
        client = Client(allow_loopback=True, resolver=resolver)
        failure = refused(client, f"http://receiver.test:{there.port}/", connect_within=0.1)
    let_go.set()
    assert (failure.cause, failure.sentence) == ("dns", "Looking up receiver.test took too long.")


def test_of_a_long_answer_only_the_start_is_kept_and_the_memory_stays_flat(client):
    def temper(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1_000):
            connection.sendall(PIECE)
        connection.it.got_to_the_end = True

    with receiver(temper) as there:
        tracemalloc.start()
        reply = client.request("GET", f"http://receiver.test:{there.port}/", http=True, keep_at_most=1_000)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (len(reply.body), reply.truncated, there.got_to_the_end) == (1_000, True, False)
    assert peak < 2_000_000


PIECE = b"x" * 100_000


def test_an_answer_a_little_too_long_does_not_cost_the_connection(client):
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n" + b"x" * 30_000
    with receiver(answers(reply)) as there:
        for _ in range(2):
            assert client.request("GET", f"http://receiver.test:{there.port}/", http=True, keep_at_most=10).truncated
    assert there.connections == 1


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
def test_a_receiver_that_breaks_the_rules_gets_a_named_failure(client, reply, cause):
    with receiver(says_and_closes(reply)) as there:
        assert refused(client, f"http://receiver.test:{there.port}/").cause == cause


def test_a_compressed_bomb_is_not_unpacked(client):
    packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"
    with receiver(answers(packed)) as there:
        assert client.request("GET", f"http://receiver.test:{there.port}/", http=True).body == b"abc"


def test_nobody_there_is_a_failure_to_connect(client):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    failure = refused(client, f"http://receiver.test:{port}/")
    assert (failure.cause, failure.sentence) == ("connect", "receiver.test does not take connections.")


def test_the_next_address_is_tried_when_the_first_does_not_answer():
    with receiver(answers(OK)) as there:
        client = Client(allow_loopback=True, resolver=leads_to("127.9.9.9", "127.0.0.1"))
        assert client.request("GET", f"http://receiver.test:{there.port}/", http=True).address == "127.0.0.1"
        client.close()


def test_a_name_that_turns_private_between_two_looks_is_asked_once_and_pinned():
    answers_given = iter(["8.8.8.8", "127.0.0.1"])
    asked, tried = [], []

    def resolver(host, port):
        asked.append(host)
        return leads_to(next(answers_given))(host, port)

    client = Client(resolver=resolver)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda _self, address: tried.append(address) or no_way())
        assert refused(client, "https://rebinding.test/").cause == "connect"
    assert (asked, tried) == (["rebinding.test"], [("8.8.8.8", 443)])


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["169.254.169.254"], ["8.8.8.8", "10.0.0.1"], ["fd00:ec2::254"]])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_leads_inside_is_blocked_and_nothing_is_opened(addresses, scheme, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection was tried"))
    failure = refused(Client(resolver=leads_to(*addresses)), f"{scheme}://inside.test/")
    assert (failure.cause, failure.sentence) == (
        "blocked",
        "inside.test is not a public address, so we don't connect to it.",
    )


def test_an_unencrypted_address_must_be_allowed_by_the_caller(client):
    with pytest.raises(Failure, match="https://"):
        client.request("POST", "http://receiver.test/", body=b"{}")


ANYONE = Client(allow_loopback=True, resolver=HERE)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=60).map(b"HTTP/1.1 200 OK\r\n".__add__))
def test_whatever_a_receiver_says_ends_in_a_reply_or_a_failure(reply):
    with receiver(says_and_closes(reply)) as there:
        try:
            assert ANYONE.request("GET", f"http://receiver.test:{there.port}/", http=True, finish_within=2).status
        except Failure as failure:
            assert failure.cause in {"protocol", "timeout", "too large"}


NOWHERE = Client(resolver=leads_to("10.0.0.1"))


@settings(deadline=None)
@given(st.text() | st.text().map("http://{}".format) | st.text().map("https://a.test/{}".format))
def test_whatever_address_is_asked_for_ends_in_a_failure_when_it_leads_inside(url):
    failure = refused(NOWHERE, url)
    assert failure.cause == "blocked"
    assert re.match(r"\S.*\.$", failure.sentence)


def test_many_threads_share_one_client(client):
    with receiver(answers(OK)) as there:
        got = []

        def ask():
            for _ in range(10):
                got.append(client.request("POST", f"http://receiver.test:{there.port}/", body=b"x", http=True).status)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert got == [200] * 80


def test_greenlets_wait_together_and_are_cut_off_on_time_too():
    script = Path(__file__).with_name("greenlets.py")
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=30)
    assert (done.stdout.split("\n")[0], done.stderr) == ("timeout timeout timeout timeout 200 x 50 False", "")


def refused(client, url, **limits):
    """The failure this request ends in."""
    with pytest.raises(Failure) as failure:
        client.request("POST", url, http=True, **limits)
    return failure.value


def no_way():
    raise ConnectionRefusedError
