"""Opening an app's WebSocket: the URL, the signature, what is dialed, and every way in which it can fail."""

import socket
from dataclasses import replace

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from ringback.webhooks.signature import signature
from ringback.websockets.app_socket import Closed, Frame
from ringback.websockets.handshake import HandshakeFailed, checked_socket_url, open_socket
from support.app_websocket import AppWebSocket
from support.exchange import TOKEN


@pytest.fixture
def agent(app, loop):
    end = AppWebSocket(loop)
    app.answers["/agent"] = end.accept
    return end


@pytest.fixture
def wss(app):
    return app.origin.replace("http", "wss") + "/agent"


@pytest.fixture
def opened(exchange):
    """Opens a WebSocket, which is closed after the test."""
    sockets = []

    def open_it(url):
        sockets.append(exchange.run(open_socket(exchange.state, url, "relay", "CA1")))
        return sockets[-1]

    yield open_it
    for one in sockets:
        exchange.run(one.close())


def failure(exchange, url):
    with pytest.raises(HandshakeFailed) as raised:
        exchange.run(open_socket(exchange.state, url, "relay", "CA1"))
    return raised.value


def test_a_wss_url_of_the_app_is_dialed_plainly_and_signed_as_written(exchange, agent, wss, opened):
    opened(wss)
    agent.opens()
    headers = agent.handshakes[0].headers
    assert headers["Host"] == headers["X-Forwarded-Host"] == wss.split("/")[2]
    assert headers["X-Forwarded-Proto"] == "https"
    assert RequestValidator(TOKEN).validate(wss, {}, headers["x-twilio-signature"])
    (entry,) = exchange.get("/requests?sid=CA1")["requests"]
    assert (entry["url"], entry["status"], entry["channel"]) == (wss, 101, "relay")


def test_a_shared_key_signs_the_handshake_too(exchange, agent, wss, opened):
    exchange.state.settings = replace(exchange.state.settings, shared_key=("webhooks_sharedkey_1", "the key"))
    opened(wss)
    agent.opens()
    headers = agent.handshakes[0].headers
    assert headers["X-Twilio-Webhooks-Signature-Settings"] == "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    assert headers["x-twilio-signature"] == signature("the key", wss, (), "sha256")


def test_messages_go_both_ways_until_the_app_closes(exchange, agent, wss, opened):
    one = opened(wss)
    assert exchange.run(one.send({"type": "hello", "word": "é"}))
    assert agent.gets("hello")["word"] == "é"
    agent.sends({"a": 1})
    agent.sends(b"\0")
    agent.closes(4000)
    assert [exchange.run(one.receive()) for _ in range(3)] == [
        Frame(text='{"a": 1}'),
        Frame(binary=b"\0"),
        Closed(4000),
    ]
    assert not exchange.run(one.send({}))


def test_the_exchange_closes_with_a_code_and_a_reason(exchange, agent, wss, opened):
    one = opened(wss)
    exchange.run(one.close(1007, "enough"))
    assert agent.is_closed() == (1007, "enough")
    assert exchange.run(one.receive()) == Closed(1007, "enough", by_app=False)


def test_a_message_that_is_too_large_ends_the_connection(exchange, agent, wss, opened):
    one = opened(wss)
    agent.sends("x" * (4 * 1024 * 1024 + 1))
    end = exchange.run(one.receive())
    assert (end.code, end.by_app) == (1009, False)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ws://127.0.0.1/x", 31922),
        ("https://127.0.0.1/x", 31922),
        ("", 31923),
        ("wss://", 31923),
        ("wss:///x", 31923),
        ("wss://[x/", 31923),
        ("wss://host:99999/", 31923),
        ("wss://host/a b", 31923),
        ("host/x", 31923),
        ("wss://api.twilio.com/x", 31920),
    ],
)
def test_a_url_that_twilio_would_not_dial_is_named(url, code):
    with pytest.raises(HandshakeFailed) as raised:
        checked_socket_url(url)
    assert raised.value.code == code


def test_an_app_that_answers_without_upgrade_has_failed_the_handshake(exchange, app, agent, wss):
    app.answers["/agent"] = "<Response/>"
    failed = failure(exchange, wss)
    assert (failed.code, failed.status) == (31920, 200)


def test_an_app_that_rejects_the_signature_is_told_what_was_signed(exchange, app, wss):
    app.answers["/agent"] = web.Response(status=403)
    assert "signature is of this URL, with its query string" in failure(exchange, wss + "?a=1").detail


def test_a_refused_connection_is_31902(exchange):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert failure(exchange, f"wss://127.0.0.1:{port}/x").code == 31902


def test_a_handshake_that_takes_too_long_is_31901(exchange, agent, wss, opened):
    exchange.post("/faults", {"kind": "socket-slow", "seconds": 0.5, "channel": "relay"})
    opened(wss)
    exchange.post("/faults", {"kind": "socket-slow", "seconds": 60})
    waiting = exchange.start(open_socket(exchange.state, wss, "relay", "CA1"))
    exchange.time_passes(16)
    with pytest.raises(HandshakeFailed, match="no handshake in time"):
        waiting.result()


def test_faults_refuse_and_drop_a_websocket(exchange, agent, wss, opened):
    exchange.post("/faults", {"kind": "socket-refuse", "status": 503})
    assert failure(exchange, wss).status == 503
    exchange.post("/faults", {"kind": "socket-drop", "seconds": 5})
    one = opened(wss)
    exchange.time_passes(5)
    assert exchange.run(one.receive()) == Closed(1006)
    agent.is_closed()


def test_the_fault_for_wrong_signatures_covers_websockets(exchange, agent, wss, opened):
    exchange.post("/faults", {"kind": "webhook-wrong-signature", "channel": "relay"})
    opened(wss)
    agent.opens()
    assert not RequestValidator(TOKEN).validate(wss, {}, agent.handshakes[0].headers["x-twilio-signature"])


def test_a_websocket_that_is_still_open_is_released_when_ringback_stops(exchange, agent, wss, opened):
    one = opened(wss)
    exchange.run(exchange.state.close())
    assert one.socket._response.connection is None
    agent.is_closed()
