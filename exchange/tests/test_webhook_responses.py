"""The HTTP client for webhooks: responses that are cached, compressed, too large or incomplete."""

import gzip

import pytest
from aiohttp import web

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 500\r\n\r\n"
OK = "<Response><Message>ok</Message></Response>"


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
