"""The HTTP client for webhooks: cookies, HTTP authentication, and the URLs of documents."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from ringback.testing.waiting import eventually
from ringback.web.basic_auth import parse_basic_auth

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 500\r\n\r\n"
OK = "<Response><Message>ok</Message></Response>"


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
