"""Limits of the HTTP client: total time, connection time, memory."""

import threading
import time
import tracemalloc

import pytest

from sending.http import deadline
from sending.http.client import HttpClient
from tests.support.receivers import (
    HERE,
    OK,
    answers,
    answers_once,
    drips,
    drips_handshake,
    never_answers,
    read_request,
    receiver,
    refused,
    tls_for,
)
from tests.support.waiting import LIMIT_SECONDS

SOON = 0.25  # seconds; the receivers that drip do so for a minute


@pytest.mark.parametrize(
    "behave",
    [
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n", b"x", b""),
        drips(b"HTTP/1.1 200 OK\r\n\r\n", b"x", b""),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", b"0\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nX: ", b"x", b"\r\nContent-Length: 0\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", b"Content-Length: 0\r\n\r\n", drops=90, every=0.2),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n", OK),
        never_answers,
    ],
    ids=["body", "body without an end", "chunks", "header", "headers", "continue", "silence"],
)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_slow_response_ends_at_the_deadline(client, behave, tls):
    with receiver(behave, tls_for("receiver.test") if tls else None) as there:
        failure = refused(client, f"http{'s' * tls}://receiver.test:{there.port}/", total_timeout=SOON)
    assert failure.cause == "timeout"


def test_slow_response_on_a_reused_connection_ends_at_the_deadline(client):
    def behave(connection):
        answers_once(connection)
        drips(b"HTTP/1.1 200 OK\r\nX: ", b"x", b"\r\nContent-Length: 0\r\n\r\n")(connection)

    with receiver(behave) as there:
        client.request("GET", f"http://receiver.test:{there.port}/", http=True)
        failure = refused(client, f"http://receiver.test:{there.port}/", total_timeout=SOON)
    assert (failure.cause, there.connections) == ("timeout", 1)


def test_slow_tls_handshake_ends_at_the_deadline(client):
    with receiver(drips_handshake) as there:
        failure = refused(client, f"https://receiver.test:{there.port}/", total_timeout=SOON)
    assert failure.cause == "timeout"


def test_slow_reading_receiver_ends_at_the_deadline(client):
    def behave(connection):
        while connection.recv(5_000):
            time.sleep(0.01)

    with receiver(behave) as there:
        failure = refused(client, f"http://receiver.test:{there.port}/", body=bytes(40_000_000), total_timeout=SOON)
    assert failure.cause == "timeout"


def test_a_response_may_take_longer_than_connecting_may(client):
    def behave(connection):
        read_request(connection)
        threading.Event().wait(0.6)
        connection.sendall(OK)

    with receiver(behave) as there:
        url = f"http://receiver.test:{there.port}/"
        response = client.request("GET", url, http=True, connect_timeout=0.3, total_timeout=10)
    assert response.status == 200


def test_deadline_of_a_finished_request_leaves_the_connection_open(client):
    with receiver(answers(OK)) as there:
        client.request("GET", f"http://receiver.test:{there.port}/", http=True)
        for _, _, one in deadline.watchdog._pending:
            one.expire()  # as it does when its time has come
        assert client.request("GET", f"http://receiver.test:{there.port}/", http=True).timing.reused


def test_hanging_resolver_ends_at_the_deadline(ca_file):
    let_go = threading.Event()

    def resolver(host, port):
        let_go.wait(LIMIT_SECONDS)
        return HERE(host, port)

    with receiver(answers(OK)) as there:
        client = HttpClient(allow_loopback=True, resolver=resolver)
        failure = refused(client, f"http://receiver.test:{there.port}/", connect_timeout=0.1)
    let_go.set()
    assert (failure.cause, failure.detail) == ("dns", "Looking up receiver.test took too long.")


def test_long_response_is_truncated_in_constant_memory(client):
    sent_all = []

    def behave(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1_000):
            connection.sendall(PIECE)
        sent_all.append(True)

    with receiver(behave) as there:
        tracemalloc.start()
        reply = client.request("GET", f"http://receiver.test:{there.port}/", http=True, max_kept_bytes=1_000)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (len(reply.body), reply.truncated, sent_all) == (1_000, True, [])
    assert peak < 2_000_000


PIECE = b"x" * 100_000


def test_slightly_too_long_response_keeps_the_connection(client):
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n" + b"x" * 30_000
    with receiver(answers(reply)) as there:
        for _ in range(2):
            assert client.request("GET", f"http://receiver.test:{there.port}/", http=True, max_kept_bytes=10).truncated
    assert there.connections == 1
