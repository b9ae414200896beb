"""Connections: reuse, and verified certificates."""

import datetime
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sending.http.client import HttpClient
from tests.support.receivers import HERE, OK, answers, receiver, refused, tls_for
from tests.support.waiting import LIMIT_SECONDS


def test_two_requests_share_a_tls_connection_and_a_lookup(ca_file):
    asked = []

    def resolver(host, port):
        asked.append(host)
        return HERE(host, port)

    client = HttpClient(allow_loopback=True, ca_file=ca_file, resolver=resolver)
    with receiver(answers(OK), tls_for("receiver.test")) as there:
        first, second = [client.request("GET", f"https://receiver.test:{there.port}/") for _ in range(2)]
        client.close()
    assert (there.connections, asked) == (1, ["receiver.test"])
    assert (first.timing.reused, second.timing.reused) == (False, True)
    assert first.timing.tls > 0 == second.timing.tls
    assert second.tls == first.tls


def test_head_and_body_are_sent_together(ca_file):
    pieces = []

    def behave(connection):
        pieces.append(connection.recv(65_536))
        connection.sendall(OK)

    client = HttpClient(allow_loopback=True, ca_file=ca_file, resolver=HERE)
    with receiver(behave, tls_for("receiver.test")) as there:
        client.request("POST", f"https://receiver.test:{there.port}/", body=b"hello")
        client.close()
    assert pieces[0].endswith(b"\r\n\r\nhello")


def test_fresh_request_opens_a_new_connection(client):
    with receiver(answers(OK)) as there:
        for _ in range(2):
            assert not client.request(
                "GET", f"http://receiver.test:{there.port}/", http=True, new_connection=True
            ).timing.reused
    assert there.connections == 2


def test_two_names_on_one_address_do_not_share_a_connection(client):
    with receiver(answers(OK), tls_for("one.test", "two.test")) as there:
        for name in ["one.test", "two.test", "one.test"]:
            client.request("GET", f"https://{name}:{there.port}/")
    assert there.connections == 2


def test_response_has_the_certificate(client):
    ends = datetime.datetime(2099, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    with receiver(answers(OK), tls_for("receiver.test", not_after=ends)) as there:
        reply = client.request("GET", f"https://receiver.test:{there.port}/")
    assert (reply.tls.names, reply.tls.not_after, reply.tls.protocol) == (("receiver.test",), ends, "TLSv1.3")


@pytest.mark.parametrize(
    ("tls", "sentence"),
    [
        (lambda: tls_for("other.test"), "The server's certificate is for a name other than receiver.test."),
        (lambda: tls_for("receiver.test", not_after=THEN), "The certificate of receiver.test has expired."),
    ],
)
def test_invalid_certificate_is_rejected(client, tls, sentence):
    with receiver(answers(OK), tls()) as there:
        failure = refused(client, f"https://receiver.test:{there.port}/")
    assert (failure.cause, failure.detail) == ("tls", sentence)
    assert there.requests == []


THEN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def test_unknown_authority_is_not_trusted():
    client = HttpClient(allow_loopback=True, resolver=HERE)
    with receiver(answers(OK), tls_for("receiver.test")) as there:
        failure = refused(client, f"https://receiver.test:{there.port}/")
    assert (failure.cause, failure.detail) == (
        "tls",
        "The certificate of receiver.test is not signed by an authority that we trust.",
    )


def test_no_fallback_to_plain_http(client):
    def behave(connection):
        connection.recv(65_536)
        connection.sendall(OK)

    with receiver(behave) as there:
        assert refused(client, f"https://receiver.test:{there.port}/").cause == "tls"


def test_threads_share_one_client(client):
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


def test_greenlets_run_concurrently_and_end_at_the_deadline():
    script = Path(__file__).with_name("greenlets.py")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=LIMIT_SECONDS
    )
    assert (done.stdout.split("\n")[0], done.stderr) == ("timeout timeout timeout timeout 200", "")
