"""Drips and a crowd, in greenlets. test_http.py runs this on its own, since gevent changes the whole process."""

# ruff: noqa: E402 - gevent must patch before anything else is imported

from gevent import monkey

monkey.patch_all()

import sys
import tempfile
from pathlib import Path

import gevent

sys.path[:0] = [str(Path(__file__).parents[3])]

from sending.http.client import HttpClient
from sending.http.errors import RequestFailed
from tests.support.receivers import AUTHORITY, OK, drips, drips_handshake, leads_to, receiver, tls_for


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
    body = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 150\r\n\r\n", b"x", b"")
    slowly = drips(b"", b"", OK, drops=1, every=0.5)
    with (
        receiver(head) as one,
        receiver(body, tls_for("a.test")) as two,
        receiver(head, tls_for("a.test")) as three,
        receiver(drips_handshake) as four,
        receiver(slowly) as five,
    ):
        urls = [f"http://a.test:{one.port}/"] + [f"https://a.test:{it.port}/" for it in (two, three, four)]
        crowd = [gevent.spawn(outcome, client, f"http://a.test:{five.port}/", 20) for _ in range(50)]
        dripping = [gevent.spawn(outcome, client, url, 0.4) for url in urls]
        gevent.joinall(crowd + dripping)
        client.close()
    late = [it.got_to_the_end for it in (one, two, three, four)]
    statuses = {greenlet.value for greenlet in crowd}
    print(*[greenlet.value for greenlet in dripping], *statuses, "x", len(crowd), any(late))


main()
