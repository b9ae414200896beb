"""The HTTP client connects to no private address."""

import re
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sending.http.client import HttpClient
from sending.http.errors import RequestFailed
from tests.support.receivers import leads_to, refused


def test_name_is_resolved_once_and_pinned():
    answers_given = iter(["8.8.8.8", "127.0.0.1"])
    asked, tried = [], []

    def resolver(host, port):
        asked.append(host)
        return leads_to(next(answers_given))(host, port)

    client = HttpClient(resolver=resolver)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda _self, address: tried.append(address) or no_way())
        assert refused(client, "https://rebinding.test/").cause == "connect"
    assert (asked, tried) == (["rebinding.test"], [("8.8.8.8", 443)])


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["169.254.169.254"], ["8.8.8.8", "10.0.0.1"], ["fd00:ec2::254"]])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_private_address_is_blocked_before_connecting(addresses, scheme, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection was tried"))
    failure = refused(HttpClient(resolver=leads_to(*addresses)), f"{scheme}://inside.test/")
    assert (failure.cause, failure.detail) == (
        "blocked",
        "inside.test does not have a public address, so we don't connect to it.",
    )


def test_http_url_must_be_allowed(client):
    with pytest.raises(RequestFailed, match="https://"):
        client.request("POST", "http://receiver.test/", body=b"{}")


NOWHERE = HttpClient(resolver=leads_to("10.0.0.1"))


@settings(deadline=None)
@given(st.text() | st.text().map("http://{}".format) | st.text().map("https://a.test/{}".format))
def test_any_url_to_a_private_address_is_blocked(url):
    failure = refused(NOWHERE, url)
    assert failure.cause == "blocked"
    assert re.match(r"\S.*\.$", failure.detail)


def no_way():
    raise ConnectionRefusedError
