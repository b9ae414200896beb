"""The page of one call: every request, document and utterance, in order."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ringback.testing.waiting import eventually
from support.exchange import NUMBER

MENU = '<Response><Gather numDigits="1" action="/menu"><Say>Press one</Say></Gather></Response>'
APP, EXCHANGE, PHONE, LEG = 2, 1, 0, 3


def sequence(exchange, sid):
    return exchange.get(f"/calls/{sid}")["steps"]


def told(exchange, sid, kind):
    return [step["words"] for step in sequence(exchange, sid) if step["kind"] == kind]


def as_page(exchange, sid):
    status, body, headers = exchange.request("GET", f"/calls/{sid}", Accept="text/html,*/*")
    assert status == 200
    return body.decode(), headers


def test_call_is_shown_from_the_first_ring_to_the_last_callback(app, exchange, ada):
    app.answers |= {"/voice": MENU, "/menu": "<Response><Say>Thank you</Say></Response>"}
    sid = ada.dials()
    ada.presses("1")
    ada.is_left_with("completed")
    app.was_asked("/done")
    assert told(exchange, sid, "did") == [f"dials {NUMBER}", "key 1"]
    assert told(exchange, sid, "status") == ["ringing", "in-progress", "completed"]
    assert told(exchange, sid, "heard") == ["Say “Press one”", "Say “Thank you”"]
    assert told(exchange, sid, "listens") == ["Gather: keys, numDigits 1, timeout 5 s"]
    asked = ["POST /voice", "POST /menu · Digits=1", "POST /done · status callback · CallStatus=completed"]
    assert told(exchange, sid, "request") == asked
    first = next(step for step in sequence(exchange, sid) if step["kind"] == "answer")
    assert (first["from"], first["to"], first["level"], first["detail"]) == (APP, EXCHANGE, "good", MENU)
    assert first["words"].startswith("200 · ") and first["words"].endswith(" ms · Gather Say")
    assert [step["at"] for step in sequence(exchange, sid)] == sorted(step["at"] for step in sequence(exchange, sid))


def test_called_phone_of_a_dial_has_its_own_lane(app, exchange, ada, ben):
    app.answers["/voice"] = f"<Response><Dial><Number>{ben.number}</Number></Dial></Response>"
    exchange.post(ben.door, {"name": "Ben & <sons>"})
    sid = ada.dials()
    ben.answers()
    ada.speaks("hello")
    ben.hears("hello")
    assert exchange.get(f"/calls/{sid}")["lanes"] == [ada.number, "Exchange", "App", "Ben & <sons>"]
    steps = sequence(exchange, sid)
    assert (PHONE, EXCHANGE, "says “hello”") in [(step["from"], step["to"], step["words"]) for step in steps]
    assert (EXCHANGE, LEG, "hears “hello”") in [(step["from"], step["to"], step["words"]) for step in steps]
    page, _ = as_page(exchange, sid)
    assert "Ben &amp; &lt;sons&gt;" in page and "<sons>" not in page
    assert f"/calls/{ben.sid}" in page
    assert f"/calls/{sid}" in as_page(exchange, ben.sid)[0]


def test_failures_stand_out(app, exchange, ada):
    app.answers["/voice"] = lambda asked: web.Response(status=500)
    sid = ada.dials()
    ada.is_left_with("completed")
    failed = next(step for step in sequence(exchange, sid) if step["kind"] == "answer")
    assert failed["words"].startswith("500") and failed["level"] == "refused"


def test_request_in_progress_is_marked(app, exchange, ada):
    async def hangs():
        await asyncio.sleep(3_600)

    app.answers["/voice"] = lambda asked: hangs()
    sid = ada.dials()
    eventually(lambda: "no response yet…" in told(exchange, sid, "status"), "it waits")
    assert "data-live" in as_page(exchange, sid)[0]
    ada.hangs_up()


def test_rest_requests_of_the_app_are_shown(app, exchange, ada):
    app.answers["/voice"] = '<Response><Pause length="60"/></Response>'
    exchange.person("1").behaves("answers")
    sid = exchange.client().calls.create(to=ada.number, from_=NUMBER, url=f"{app.origin}/voice").sid
    ada.sid = sid
    ada.is_left_with("in-progress")
    exchange.client().calls(sid).update(twiml="<Response><Say>Moved</Say></Response>")
    ada.is_left_with("completed")
    assert told(exchange, sid, "rest") == ["REST: POST /Calls.json · 201", f"REST: POST /Calls/{sid}.json · 200"]


def test_untrusted_text_is_never_markup(app, exchange, ada):
    app.answers |= {"/voice": MENU.replace("Press one", "&lt;script&gt;x&lt;/script&gt;"), "/menu": "<Response/>"}
    sid = ada.dials()
    ada.hears("<script>x</script>")
    ada.speaks("<img src=x onerror=alert(1)>", wait=0)
    page, headers = as_page(exchange, sid)
    assert "<script>x" not in page and "<img" not in page
    assert "&lt;script&gt;x" in page
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "style=" not in page


def test_unknown_call_is_404(exchange):
    assert exchange.request("GET", "/calls/CA" + "0" * 32)[0] == 404
