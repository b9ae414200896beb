"""POST /reset clears all state between two tests."""

import base64
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from urllib.parse import urlencode

import pytest

from ringback.testing.waiting import LIMIT_SECONDS, eventually
from ringback.twiml.steps import Inline
from support.exchange import NUMBER, SID, TOKEN


def test_calls_texts_alerts_requests_and_faults_are_forgotten(exchange, app, ada):
    app.answers |= {"/sms": "<Response><Message>hi</Message></Response>", "/voice": "<Response><Gather/></Response>"}
    ada.texts("hello")
    ada.gets("hi")
    ada.dials()
    ada.listens_for("gather")
    exchange.post("/faults", {"kind": "webhook-drop"})
    exchange.time_passes(1000)
    assert exchange.request("POST", "/reset", b"{}", Content_Type="application/json")[0] == 204
    assert exchange.get("/handsets")["handsets"] == []
    assert exchange.get("/requests")["requests"] == []
    assert exchange.get("/faults")["faults"] == []
    assert exchange.alerts() == []
    assert exchange.get("/clock")["next_timer_seconds"] is None
    assert exchange.state.clock.ahead == 0


def test_conversation_continues_after_a_reset(exchange, app, ada, client):
    key = client.new_keys.create()
    exchange.request("POST", "/reset", b"{}", Content_Type="application/json")
    app.answers["/sms"] = "<Response><Message>hi</Message></Response>"
    ada.texts("hello")
    ada.gets("hi")
    client.messages.create(to=ada.number, from_=NUMBER, body="news")
    ada.gets("hi", "news")
    assert key.sid in exchange.state.keys


def test_pending_requests_are_counted(exchange, app, ada):
    asked = []

    def answer(request):
        asked.append(exchange.state.webhooks.pending)
        return "<Response/>"

    app.answers["/sms"] = answer
    ada.texts("hello")
    app.was_asked("/sms")
    assert asked == [1]


def test_clock_says_when_something_is_due(exchange, app, ada):
    app.answers["/voice"] = "<Response><Gather timeout='7'/></Response>"
    ada.dials()
    ada.listens_for("gather")
    assert exchange.get("/clock")["next_timer_seconds"] == 7


def test_call_that_is_redirected_at_the_same_moment_ends_too(exchange, app, ada):
    app.answers["/voice"] = pause = '<Response><Pause length="600"/></Response>'
    sid = ada.dials()
    ada.hears_items("Pause", 1)

    async def redirect_and_reset():
        exchange.state.calls[sid].interrupt(Inline(pause))
        await exchange.state.reset()

    exchange.run(redirect_and_reset())
    assert exchange.get("/calls")["calls"] == []


@pytest.mark.parametrize("kind", ["rest-delay", "rest-slow"])
def test_rest_request_in_progress_is_broken_off(exchange, client, ada, kind):
    exchange.post("/faults", {"kind": kind, "seconds": 60})
    form = urlencode({"To": ada.number, "From": NUMBER, "Body": "too late"}).encode()
    secret = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    with ThreadPoolExecutor() as pool:
        path = f"/2010-04-01/Accounts/{SID}/Messages.json"
        sending = pool.submit(exchange.request, "POST", path, form, Authorization=f"Basic {secret}")
        eventually(lambda: exchange.get("/faults")["faults"] == [])
        exchange.request("POST", "/reset", b"{}", Content_Type="application/json")
        with pytest.raises(HTTPException):
            sending.result(LIMIT_SECONDS)
    assert client.messages.list() == []


def test_keys_for_a_call_that_is_not_answered_wait_no_longer(exchange, client, ada):
    client.calls.create(to=ada.number, from_=NUMBER, twiml="<Response/>")
    ada.is_called()
    with ThreadPoolExecutor() as pool:
        pressing = pool.submit(ada.presses, "1")
        eventually(lambda: exchange.get("/clock")["next_timer_seconds"] == 5)
        exchange.request("POST", "/reset", b"{}", Content_Type="application/json")
        with pytest.raises(HTTPException):
            pressing.result(LIMIT_SECONDS)
