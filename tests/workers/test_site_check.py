"""The check of a web site and the sentence about it."""

import datetime
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sending.http.client import HttpClient
from tests.support.receivers import (
    AUTHORITY,
    OK,
    answers,
    leads_to,
    never_answers,
    read_request,
    receiver,
    says_and_closes,
    tls_for,
)
from workers.site_check import Hop, SiteCheck, check_site, summarize

NOW = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)
LATER = datetime.datetime(2027, 3, 3, tzinfo=datetime.UTC)


def moved(to, status=302):
    return f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    client = HttpClient(allow_loopback=True, ca_file=str(path), resolver=leads_to("127.0.0.1"))
    yield client
    client.close()


def test_healthy_site_reports_speed_and_certificate_expiry(client):
    with receiver(answers(OK), tls_for("site.test", not_after=LATER)) as there:
        seen = check_site(f"site.test:{there.port}", client)
    (step,) = seen.hops
    assert (step.status, seen.certificate_ends, seen.cause) == (200, LATER, None)
    assert 0 < step.tls_ms <= step.first_byte_ms
    assert summarize(seen, NOW) == (
        f"site.test is up and answered in {step.first_byte_ms} milliseconds. "
        "Its certificate is valid until 3 March 2027."
    )


def test_redirects_are_followed_and_reported(client):
    def behave(connection):
        here = b"/here" in read_request(connection)
        connection.sendall(moved(f"https://www.site.test:{there.port}/" if here else "/here"))

    with receiver(answers(OK), tls_for("www.site.test")) as there, receiver(behave) as first:
        seen = check_site(f"http://site.test:{first.port}", client)
    assert [step.status for step in seen.hops] == [302, 302, 200]
    assert summarize(seen, NOW).startswith("site.test redirects to www.site.test. www.site.test is up")


@pytest.mark.parametrize(
    "to", ["http://169.254.169.254/latest", "http://[::ffff:10.0.0.1]/", "file:///etc/passwd", "//a@b"]
)
def test_redirect_to_a_private_address_is_not_followed(client, to):
    with receiver(answers(moved(to))) as there:
        seen = check_site(f"http://site.test:{there.port}", client)
    assert (seen.cause, len(seen.hops)) == ("blocked", 1)


def test_redirect_loop_ends_after_five_redirects(client):
    with receiver(answers(moved("/again"))) as there:
        seen = check_site(f"http://site.test:{there.port}", client)
    assert len(seen.hops) == 6
    assert summarize(seen, NOW) == "site.test is up, but redirects too many times. The connection is not encrypted."


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "site.test is up, but answered 404, not found. The connection is not encrypted."),
        (503, "site.test is reachable, but answered 503, service unavailable. The connection is not encrypted."),
        (
            799,
            "site.test is reachable, but answered 799, unknown status. The connection is not encrypted.",
        ),
    ],
)
def test_error_status_is_reported(client, status, words):
    with receiver(answers(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())) as there:
        assert summarize(check_site(f"http://site.test:{there.port}", client), NOW) == words


def test_unknown_name_is_reported():
    def nowhere(_host, _port):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert summarize(check_site("example.test", HttpClient(resolver=nowhere))) == (
        "The name example.test does not exist."
    )


def test_slow_site_is_reported(client, monkeypatch):
    monkeypatch.setattr("workers.site_check.HOP_TIMEOUT_SECONDS", 0.2)
    with receiver(never_answers) as there:
        assert summarize(check_site(f"http://slow.test:{there.port}", client)) == "slow.test took too long to respond."


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("localhost", "localhost does not have a public address, so we don't connect to it."),
        ("https://a@b.test", "Leave the user name and password out of the address."),
        ("what is this", "The address contains a space or an invisible character."),
        ("127.1", "Write the numeric address in its standard form, such as 192.0.2.1."),
        ("example.com:22", "We don't connect to port 22."),
    ],
)
def test_refused_address_is_explained(address, words):
    assert summarize(check_site(address, HttpClient(resolver=leads_to("127.0.0.1")))) == words


def test_certificate_that_expires_soon_is_mentioned():
    seen = SiteCheck("https://a.test/", (Hop("https://a.test/", 200, 1, 2, 1234),), NOW + datetime.timedelta(days=1.5))
    assert summarize(seen, NOW) == "a.test is up and answered in 1.2 seconds. Its certificate expires in 1 day."


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30), st.binary(max_size=30))
def test_any_address_and_redirect_end_in_a_sentence(address, target):
    assert summarize(check_site(address, NOWHERE)).endswith(".")
    reply = b"HTTP/1.1 302 X\r\nLocation: " + target.replace(b"\n", b"") + b"\r\nContent-Length: 0\r\n\r\n"
    with receiver(says_and_closes(reply)) as there:
        assert summarize(check_site(f"http://site.test:{there.port}", ANYONE)).endswith(".")


NOWHERE = HttpClient(resolver=leads_to("10.0.0.1"))
ANYONE = HttpClient(allow_loopback=True, resolver=leads_to("127.0.0.1"))
