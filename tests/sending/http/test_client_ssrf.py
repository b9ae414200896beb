"""No request reaches what is inside, whatever name or address somebody gives us."""

import re
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sending.http.client import HttpClient
from sending.http.errors import RequestFailed
from tests.support.receivers import leads_to, refused


def test_a_name_that_turns_private_between_two_looks_is_asked_once_and_pinned():
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
def test_a_name_that_leads_inside_is_blocked_and_nothing_is_opened(addresses, scheme, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection was tried"))
    failure = refused(HttpClient(resolver=leads_to(*addresses)), f"{scheme}://inside.test/")
    assert (failure.cause, failure.detail) == (
        "blocked",
        "inside.test does not have a public address, so we don't connect to it.",
    )


def test_an_unencrypted_address_must_be_allowed_by_the_caller(client):
    with pytest.raises(RequestFailed, match="https://"):
        client.request("POST", "http://receiver.test/", body=b"{}")


NOWHERE = HttpClient(resolver=leads_to("10.0.0.1"))


@settings(deadline=None)
@given(st.text() | st.text().map("http://{}".format) | st.text().map("https://a.test/{}".format))
def test_whatever_address_is_asked_for_ends_in_a_failure_when_it_leads_inside(url):
    failure = refused(NOWHERE, url)
    assert failure.cause == "blocked"
    assert re.match(r"\S.*\.$", failure.detail)


def no_way():
    raise ConnectionRefusedError
