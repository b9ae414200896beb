"""The proxy: Twilio's host names reach the exchange, and other hosts are refused by name."""

import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ringback.launcher.proxy import Proxy
from ringback.testing.waiting import LIMIT_SECONDS


@pytest.fixture
def opened(monkeypatch):
    """The connections that the proxy opens; none is real."""
    reached = []

    async def no_connection(host, port):
        reached.append((host, port))
        raise ConnectionRefusedError("not in a test")

    monkeypatch.setattr("ringback.launcher.proxy.asyncio.open_connection", no_connection)
    return reached


def ask(said: bytes, let_through=()) -> bytes:
    """The proxy's response. Twilio's host names are served at port 1 with TLS and at port 2 without."""
    connect = CONNECT

    async def asking():
        proxy = Proxy(1, 2, let_through)
        await proxy.start()
        try:
            reader, writer = await connect("127.0.0.1", int(proxy.url.rpartition(":")[2]))
            writer.write(said)
            writer.write_eof()
            answer = await asyncio.wait_for(reader.read(), LIMIT_SECONDS)
            writer.close()
            return answer
        finally:
            await proxy.stop()

    return asyncio.run(asking())


CONNECT = asyncio.open_connection


@pytest.mark.parametrize(
    "said",
    [
        b"CONNECT weather.example:443 HTTP/1.1\r\nHost: weather.example:443\r\n\r\n",
        b"CONNECT weather.example HTTP/1.1\r\n\r\n",
        b"GET https://weather.example/today HTTP/1.1\r\nHost: weather.example\r\n\r\n",
        b"POST http://user:password@Weather.Example:8080/ HTTP/1.1\r\n\r\n",
    ],
)
def test_unknown_host_is_refused_by_name(opened, capsys, said):
    answer = ask(said).decode()
    assert answer.startswith("HTTP/1.1 403 The local exchange blocks requests to weather.example\r\n")
    assert answer.endswith("\r\n\r\nThe local exchange blocks requests to weather.example\n")
    assert (
        "ringback: blocked a request to weather.example: to allow it, start with --let-through"
        in capsys.readouterr().out
    )
    assert opened == []


@pytest.mark.parametrize("host", ["api.twilio.com", "API.Twilio.com.", "twilio.com", "api.dublin.ie1.twilio.com"])
@pytest.mark.parametrize("allowed", [(), ("*",), ("api.twilio.com", "twilio.com")])
def test_host_of_twilio_reaches_the_exchange_even_if_allowed(opened, host, allowed):
    ask(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode(), allowed)
    assert opened == [("127.0.0.1", 1)]


@pytest.mark.parametrize("allowed", [(), ("*",)])
def test_host_of_twilio_without_tls_reaches_the_exchange(opened, allowed):
    ask(b"GET http://demo.twilio.com/docs/voice.xml HTTP/1.1\r\n\r\n", allowed)
    assert opened == [("127.0.0.1", 2)]


def test_host_that_resembles_twilio_is_refused(opened):
    assert ask(b"CONNECT nottwilio.com:443 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403 ")
    assert opened == []


def test_allowed_host_that_cannot_be_reached_is_named(opened):
    answer = ask(b"CONNECT weather.example:443 HTTP/1.1\r\n\r\n", ("weather.example",))
    assert answer.startswith(b"HTTP/1.1 502 weather.example cannot be reached: not in a test\r\n")
    assert opened == [("weather.example", 443)]


class Elsewhere:
    """Another server, at 127.0.0.1, that responds to each request head."""

    def __init__(self):
        self.heads = []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_):
        self.server.close()

    async def answer(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            await writer.drain()
        writer.close()


def through(lines, let_through=("127.0.0.1",)):
    """The response to a client that sends these lines, and the heads that the other server received at {port}."""

    async def asking():
        elsewhere, proxy = Elsewhere(), Proxy(1, 2, let_through)
        async with elsewhere as port:
            await proxy.start()
            reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
            writer.write(lines.replace("{port}", str(port)).encode())
            heard = (await asyncio.wait_for(reader.read(), LIMIT_SECONDS)).decode()
            writer.close()
            await proxy.stop()
        return heard, [head.replace(str(port), "PORT") for head in elsewhere.heads]

    return asyncio.run(asking())


def test_plain_request_to_an_allowed_host_is_forwarded_in_origin_form():
    heard, heads = through(
        "GET http://127.0.0.1:{port}/today?in=London HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Proxy-Authorization: secret\r\nConnection: keep-alive\r\n\r\n"
    )
    assert heard.endswith("hello")
    assert heads == ["GET /today?in=London HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: close\r\n\r\n"]


def test_tunnel_to_an_allowed_host_is_unmodified():
    heard, heads = through("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", ("*",))
    assert heard == ("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    assert heads == ["GET / HTTP/1.1\r\n\r\n"]


WORDS = some.binary(max_size=60) | some.sampled_from(
    [
        b"CONNECT ",
        b"GET ",
        b"http://",
        b"weather.example",
        b":443",
        b":-1",
        b"[",
        b"]",
        b"@",
        b" HTTP/1.1\r\n",
        b"\r\n\r\n",
    ]
)


@given(some.lists(WORDS, max_size=8))
@settings(max_examples=60, deadline=None)
def test_arbitrary_bytes_are_refused_or_ignored(said):
    reached = []

    async def no_connection(host, port):
        reached.append(host)
        raise ConnectionRefusedError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ringback.launcher.proxy.asyncio.open_connection", no_connection)
        answer = ask(b"".join(said) + b"\r\n\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 403 ")
    assert reached == []
