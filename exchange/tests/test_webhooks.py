"""The HTTP client for webhooks: timeouts, retries, redirects, cookies, authentication, caching."""

import asyncio
import contextlib
import threading

import pytest
from aiohttp import web

from ringback.testing.waiting import LIMIT_SECONDS, eventually
from ringback.webhooks.connection_overrides import ConnectionOverrides
from support.exchange import NUMBER

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 500\r\n\r\n"
OK = "<Response><Message>ok</Message></Response>"


class RawServer:
    """Servers that send some bytes whatever they are asked, and then disconnect or stay silent."""

    def __init__(self, exchange):
        self.exchange, self.begun, self.opened = exchange, threading.Event(), []

    def __call__(self, answer, stays):
        async def handle(reader, writer):
            self.opened.append(writer)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            self.begun.set()
            if not stays:
                writer.close()

        server = self.exchange.run(asyncio.start_server(handle, "127.0.0.1", 0))
        self.opened.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    async def close(self):
        for opened in self.opened:
            opened.close()
        await asyncio.gather(*(opened.wait_closed() for opened in self.opened), return_exceptions=True)


@pytest.fixture
def raw_server(exchange):
    server = RawServer(exchange)
    yield server
    exchange.run(server.close())


def moved(to, status):
    return lambda asked: web.Response(status=status, headers={"Location": to})


async def never(asked):
    await asyncio.sleep(3_600)


def test_webhook_times_out_after_fifteen_seconds(app, exchange, ada):
    app.answers["/sms"] = never
    ada.texts("hello")
    app.was_asked("/sms")
    exchange.time_passes(14.5)
    assert exchange.alerts() == []
    exchange.time_passes(1)
    exchange.warns(11200)


def test_dripping_response_gets_no_more_time(exchange, number, ada, raw_server):
    number.sms_url = raw_server(HEAD + b"<", stays=True)
    ada.texts("hello")
    assert raw_server.begun.wait(LIMIT_SECONDS)
    exchange.time_passes(15)
    exchange.warns(11200)


def test_connection_override_shortens_the_timeout(app, exchange, number, ada):
    app.answers["/sms"] = never
    number.sms_url = f"{app.origin}/sms#tt=2000"
    ada.texts("hello")
    app.was_asked("/sms")
    exchange.time_passes(2)
    exchange.warns(11203)


@pytest.mark.parametrize(
    ("fragment", "attempts"), [("", 1), ("#rp=5xx", 2), ("#rp=all&rc=3", 4), ("#rc=5&rp=4xx", 1), ("#rp=5xx&rc=0", 1)]
)
def test_connection_override_sets_the_retries(app, exchange, number, ada, fragment, attempts):
    app.answers["/sms"] = lambda asked: web.Response(status=502)
    number.sms_url = f"{app.origin}/sms{fragment}"
    ada.texts("hello")
    exchange.warns(11217)
    assert len(app.at("/sms")) == attempts
    assert len({asked.headers["I-Twilio-Idempotency-Token"] for asked in app.at("/sms")}) == 1


def test_unknown_retry_policy_is_reported_with_the_error_code(app, exchange, number, ada):
    number.sms_url = f"{app.origin}/sms#rp=maybe"
    ada.texts("hello")
    exchange.warns(11243)


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", ConnectionOverrides(5, 15, 15, 1, frozenset({"ct"}))),
        ("#ct=1&rt=99999&tt=500&rc=9&rp=rt,5xx", ConnectionOverrides(0.1, 15, 0.5, 5, frozenset({"rt", "5xx"}))),
        ("#ct=x&rc=-1", ConnectionOverrides(5, 15, 15, 1, frozenset({"ct"}))),
    ],
)
def test_overrides_are_limited_to_their_ranges(fragment, expected):
    assert ConnectionOverrides.from_url("http://h.example/x" + fragment) == expected


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_a_redirect_is_followed_without_twilios_parameters(app, ada, status, method):
    app.answers["/sms"] = moved("/other?kept=1", status)
    app.answers["/other"] = OK
    ada.texts("hello")
    ada.gets("ok")
    asked = app.at("/other")[0]
    assert asked.method == method
    assert asked.get("Body") is None
    assert asked.headers["X-Twilio-Signature"]


def test_redirects_are_limited(app, exchange, ada):
    app.answers["/sms"] = moved("/sms", 302)
    ada.texts("hello")
    exchange.warns(11215)
    assert len(app.at("/sms")) == 11


def test_unreachable_app_is_tried_twice_and_reported(exchange, number, ada):
    number.sms_url = "http://127.0.0.1:1/sms"
    ada.texts("hello")
    assert "refused" in exchange.warns(11202)["message"]


@pytest.mark.parametrize("answer", [b"What?\r\n\r\n", HEAD + b"<Response>", b""])
def test_response_that_is_invalid_or_incomplete_is_reported(exchange, number, ada, raw_server, answer):
    number.sms_url = raw_server(answer, stays=False)
    ada.texts("hello")
    exchange.warns(11206)


class ClosesKeptConnections:
    """A server that answers one request on each connection, and closes the connection when it gets the next one."""

    def __init__(self):
        self.connections = []

    async def __call__(self, reader, writer):
        self.connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(OK) + OK.encode())
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
        writer.close()


def test_kept_connection_that_the_app_closes_is_replaced(exchange, number, ada):
    app = ClosesKeptConnections()
    server = exchange.run(asyncio.start_server(app, "127.0.0.1", 0))
    number.sms_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/sms"
    ada.texts("one")
    ada.gets("ok")
    ada.texts("two")
    ada.gets("ok", "ok")
    assert len(app.connections) == 2
    assert not exchange.state.debugger.alerts
    for opened in (server, *app.connections):
        opened.close()


@pytest.mark.parametrize("url", ["http://[x/", "ftp://h.example/", "http://h.example:99999/", "http:///x", "nonsense"])
def test_invalid_url_is_reported(exchange, number, ada, url):
    number.sms_url = url
    ada.texts("hello")
    exchange.warns(11100)


def test_rejected_callback_is_only_a_warning(app, exchange, ada):
    app.answers["/done"] = lambda asked: web.Response(status=500)
    app.answers["/voice"] = "<Response/>"
    ada.dials()
    alert = exchange.warns(15003)
    assert alert["level"] == "warning"
    assert len(app.at("/done")) == 1
    eventually(lambda: ada.call()["status"] == "completed")


async def begin_a_document(asked):
    response = web.StreamResponse(headers={"Content-Type": "text/xml", "Content-Length": "1000"})
    await response.prepare(asked.request)
    await response.write(b"<Response>")
    await asyncio.sleep(1)
    return response


def test_partial_response_is_never_retried(app, exchange, ada):
    app.answers["/slow"] = begin_a_document
    exchange.state.numbers[NUMBER].voice_url = f"{app.origin}/slow#rt=200&rc=2&rp=all"
    ada.dials()
    ada.is_left_with("completed")
    assert len(app.at("/slow")) == 1
