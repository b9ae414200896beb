"""Deadlines and concurrency in greenlets. test_connections.py runs this alone: gevent patches the whole process."""

# ruff: noqa: E402 - gevent must patch before anything else is imported

from gevent import monkey

monkey.patch_all()

import sys
import tempfile
import threading
from pathlib import Path

import gevent

sys.path[:0] = [str(Path(__file__).parents[3])]

from sending.http.client import HttpClient
from sending.http.errors import RequestFailed
from tests.support.receivers import AUTHORITY, OK, drips, drips_handshake, leads_to, read_request, receiver, tls_for

REQUESTS = 50  # at the same time


def outcome(client, url, within):
    try:
        return client.request("POST", url, body=b"{}", total_timeout=within, http=True).status
    except RequestFailed as failure:
        return failure.cause


def main():
    with tempfile.NamedTemporaryFile() as authority:
        authority.write(AUTHORITY.cert_pem.bytes())
        authority.flush()
        client = HttpClient(allow_loopback=True, ca_file=authority.name, resolver=leads_to("127.0.0.1"))
    head = drips(b"HTTP/1.1 200 OK\r\nX: ", b"x", b"\r\nContent-Length: 0\r\n\r\n")
    body = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n", b"x", b"")
    all_there = threading.Barrier(REQUESTS)

    def answers_all_at_once(connection):
        read_request(connection)
        all_there.wait()
        connection.sendall(OK)

    with (
        receiver(head) as one,
        receiver(body, tls_for("a.test")) as two,
        receiver(head, tls_for("a.test")) as three,
        receiver(drips_handshake) as four,
        receiver(answers_all_at_once) as five,
    ):
        urls = [f"http://a.test:{one.port}/"] + [f"https://a.test:{it.port}/" for it in (two, three, four)]
        together = [gevent.spawn(outcome, client, f"http://a.test:{five.port}/", 60) for _ in range(REQUESTS)]
        dripping = [gevent.spawn(outcome, client, url, 0.4) for url in urls]
        gevent.joinall(together + dripping)
        client.close()
    print(*[greenlet.value for greenlet in dripping], *{greenlet.value for greenlet in together})


main()
