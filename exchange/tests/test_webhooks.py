"""The HTTP client for webhooks: timeouts, retries, redirects, cookies, authentication, caching."""

import asyncio
import contextlib
import gzip
import hashlib
import re
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from ringback.testing.waiting import LIMIT_SECONDS, eventually
from ringback.web.basic_auth import parse_basic_auth
from ringback.webhooks.connection_overrides import ConnectionOverrides
from support.exchange import NUMBER

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 500\r\n\r\n"
OK = "<Response><Message>ok</Message></Response>"


@pytest.fixture
def number(exchange):
    return exchange.state.numbers[NUMBER]


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


def test_cookies_are_kept_through_a_redirect(app, ada):
    def first(asked):
        response = web.Response(status=302, headers={"Location": "/other"})
        response.set_cookie("seen", "yes")
        return response

    app.answers["/sms"] = first
    app.answers["/other"] = lambda asked: f"<Response><Message>{asked.headers.get('Cookie')}</Message></Response>"
    ada.texts("hello")
    ada.gets("seen=yes")


def test_credentials_in_the_url_are_sent_only_after_a_401(app, number, ada):
    def guarded(asked):
        if "Authorization" in asked.headers:
            return OK
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    app.answers["/sms"] = guarded
    number.sms_url = app.origin.replace("//", "//ada:pa%24s@") + "/sms"
    ada.texts("hello")
    ada.gets("ok")
    first, second = app.at("/sms")
    assert "Authorization" not in first.headers
    assert parse_basic_auth(second.headers["Authorization"]) == ("ada", "pa$s")
    assert "@" not in second.headers["Host"]


def test_login_applies_to_the_relative_urls_of_a_document(app, number, ada):
    def protected(document):
        def answer(asked):
            if parse_basic_auth(asked.headers.get("Authorization", "")) == ("ada", "secret"):
                return web.Response(text=document, content_type="text/xml")
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})

        return answer

    number.voice_url = app.origin.replace("http://", "http://ada:secret@") + "/voice"
    app.answers["/voice"] = protected("<Response><Redirect>next</Redirect></Response>")
    app.answers["/next"] = protected("<Response><Say>Welcome</Say></Response>")
    ada.dials()
    ada.hears("Welcome")
    assert [asked.path for asked in app.asked if asked.path != "/done"] == ["/voice", "/voice", "/next"]


def test_url_of_a_document_does_not_collect_the_parameters_of_its_requests(app, number, ada):
    number.voice_url, number.voice_method = f"{app.origin}/voice?shop=7", "GET"
    app.answers["/voice"] = '<Response><Gather numDigits="1" method="GET"/></Response>'
    ada.dials()
    for count, digit in enumerate("12", start=2):
        ada.presses(digit)
        form = app.was_asked("/voice", times=count)[-1].form
        assert [value for name, value in form if name in ("shop", "Digits", "CallStatus")] == [
            "7",
            "in-progress",
            digit,
        ]


def test_digest_authentication_is_supported(app, number, ada):
    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    def guarded(asked):
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', asked.headers.get("Authorization", "")))
        if given:
            secret, request = md5("ada:x:secret"), md5(f"{asked.method}:{given['uri']}")
            expected = md5(f"{secret}:{given['nonce']}:{given['nc']}:{given['cnonce']}:auth:{request}")
            if given["response"] == expected:
                return OK
        challenge = 'Digest realm="x", nonce="abc", qop="auth", algorithm=MD5'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    app.answers["/sms"] = guarded
    number.sms_url = app.origin.replace("//", "//ada:secret@") + "/sms?a=b"
    ada.texts("hello")
    ada.gets("ok")
    ada.texts("hello again")
    ada.gets("ok", "ok")


def test_cached_response_is_revalidated(app, number, ada):
    def cached(asked):
        if asked.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(text=OK, content_type="text/xml", headers={"ETag": '"1"'})

    app.answers["/voice"] = "<Response><Redirect method='GET'>/same</Redirect></Response>"
    app.answers["/same"] = cached
    app.answers["/sound"] = lambda asked: (
        web.Response(status=304)
        if "If-None-Match" in asked.headers
        else web.Response(body=b"x", content_type="audio/mpeg", headers={"ETag": '"2"'})
    )
    app.answers["/voice"] = "<Response><Play>/sound</Play><Play>/sound</Play></Response>"
    ada.dials()
    ada.is_left_with("completed")
    assert [asked.headers.get("If-None-Match") for asked in app.at("/sound")] == [None, '"2"']
    assert [item["url"] is not None for item in ada.call()["heard"]] == [True, True]


def test_compressed_response_is_decompressed_up_to_a_limit(app, exchange, ada):
    bomb = gzip.compress(b"<Response>" + b" " * 10_000_000)
    app.answers["/sms"] = lambda asked: web.Response(
        body=bomb, headers={"Content-Encoding": "gzip", "Content-Type": "text/xml"}
    )
    ada.texts("hello")
    exchange.warns(11750)


@pytest.mark.parametrize("size", [10, 67_000, 1_000_000])
def test_status_takes_precedence_over_the_size_of_the_error_page(app, exchange, ada, size):
    app.answers["/sms"] = lambda asked: web.Response(status=500, text="x" * size, content_type="text/html")
    ada.texts("hello")
    assert "500" in exchange.warns(11217)["message"]
    assert exchange.alerts() == [11217]


def test_status_of_media_takes_precedence_over_its_size(app, exchange, ada):
    app.answers["/huge"] = lambda asked: web.Response(status=404, body=bytes(6_000_000))
    app.answers["/voice"] = "<Response><Play>/huge</Play></Response>"
    ada.dials()
    ada.is_left_with("completed")
    assert 11750 not in exchange.alerts()


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


def test_unknown_cookie_attributes_are_ignored(app, ada):
    cookie = {"Set-Cookie": "a=1; Priority=High; Path=/; SameSite=None; Partitioned"}
    app.answers["/voice"] = lambda asked: web.Response(
        text="<Response><Redirect>/next</Redirect></Response>", content_type="text/xml", headers=cookie
    )
    app.answers["/next"] = ""
    ada.dials()
    assert app.was_asked("/next")[0].headers["Cookie"] == "a=1"


@pytest.mark.parametrize("expiry", ["Max-Age=600", "Expires={}", "Expires=Wed, 21 Oct 2099 07:28:00 GMT; Max-Age=600"])
def test_cookie_is_sent_until_it_expires(app, exchange, ada, expiry):
    soon = format_datetime(exchange.state.clock.now() + timedelta(seconds=600), usegmt=True)
    cookie = {"Set-Cookie": f"a=1; {expiry.format(soon)}"}
    app.answers["/sms"] = lambda asked: web.Response(status=204, headers=cookie if asked["Body"] == "1" else {})
    for count in (1, 2, 3):
        ada.texts(str(count))
        eventually(lambda count=count: len(exchange.get("/requests")["requests"]) == count)
        exchange.time_passes(500)
    assert [asked.headers.get("Cookie") for asked in app.at("/sms")] == [None, "a=1", None]


def test_cookie_with_an_expiry_in_the_past_is_deleted(app, ada):
    yesterday = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)

    def answer(asked):
        step = {"/voice": "a=1", "/next": f"a=; Expires={yesterday}"}[asked.path]
        to = {"/voice": "/next", "/next": "/last"}[asked.path]
        document = f"<Response><Redirect>{to}</Redirect></Response>"
        return web.Response(text=document, content_type="text/xml", headers={"Set-Cookie": step})

    app.answers |= {"/voice": answer, "/next": answer, "/last": "<Response/>"}
    ada.dials()
    assert "Cookie" not in app.was_asked("/last")[0].headers
    assert app.at("/next")[0].headers["Cookie"] == "a=1"
