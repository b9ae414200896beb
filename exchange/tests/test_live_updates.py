"""A live call is redirected to another document."""

import asyncio

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException

from ringback.testing.waiting import eventually
from support.exchange import NUMBER

WAITING = '<Response><Say>Please wait</Say><Pause length="600"/><Redirect>/again</Redirect></Response>'
ANSWER = "<Response><Say>Here it is</Say></Response>"


def test_waiting_caller_hears_the_answer(app, client, ada):
    app.answers["/voice"] = WAITING
    sid = ada.dials()
    ada.hears("Please wait")
    assert client.calls(sid).update(twiml=ANSWER).status == "in-progress"
    ada.hears("Please wait", "Here it is")
    ada.is_left_with("completed")
    assert app.at("/again") == []


def test_update_may_give_a_url(app, client, ada):
    app.answers["/voice"] = WAITING
    app.answers["/answer"] = lambda asked: f"<Response><Say>{asked.method} {asked['CallStatus']}</Say></Response>"
    sid = ada.dials()
    ada.hears("Please wait")
    client.calls(sid).update(url=f"{app.origin}/answer", method="GET")
    ada.hears("Please wait", "GET in-progress")


def test_gather_is_interrupted(app, client, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu" timeout="600"/></Response>'
    sid = ada.dials()
    ada.listens_for("gather")
    client.calls(sid).update(twiml='<Response><Gather action="http://h.example/"><Say>New</Say></Gather></Response>')
    ada.hears("New")
    assert app.at("/menu") == []


def test_update_wins_over_a_webhook_in_flight(app, client, ada):
    release = asyncio.Event()

    async def late(asked):
        await release.wait()
        return web.Response(text="<Response><Say>Old</Say></Response>", content_type="text/xml")

    app.answers["/voice"] = "<Response><Redirect>/slow</Redirect></Response>"
    app.answers["/slow"] = late
    sid = ada.dials()
    app.was_asked("/slow")
    client.calls(sid).update(twiml=ANSWER)
    ada.hears("Here it is")
    assert not app.at("/slow")[0].broken_off()
    release.set()
    ada.is_left_with("completed")
    assert ada.heard() == ["Here it is"]


def test_interrupted_document_may_still_request_its_next_url(app, exchange, client, ada):
    app.answers["/voice"] = WAITING
    app.answers["/again"] = "<Response><Say>Too late</Say></Response>"
    app.answers["/answer"] = ANSWER
    exchange.post("/faults", {"kind": "stale-document"})
    sid = ada.dials()
    ada.hears("Please wait")
    client.calls(sid).update(url=f"{app.origin}/answer")
    ada.hears("Please wait", "Here it is")
    assert [asked.path for asked in app.asked if asked.path != "/done"] == ["/voice", "/again", "/answer"]


def test_interrupted_action_is_not_requested_at_the_hang_up(app, client, ada):
    app.answers["/voice"] = '<Response><Record action="/kept"/></Response>'
    sid = ada.dials()
    ada.speaks("hello")
    client.calls(sid).update(twiml='<Response><Pause length="60"/></Response>')
    eventually(lambda: ada.call()["heard"][-1]["verb"] == "Pause")
    ada.hangs_up()
    app.was_asked("/done")
    assert app.at("/kept") == []


def test_call_can_be_ended(app, client, ada):
    app.answers["/voice"] = WAITING
    sid = ada.dials()
    ada.hears("Please wait")
    assert client.calls(sid).update(status="completed").status == "completed"
    ada.is_left_with("completed")
    assert len(app.was_asked("/done")) == 1


def test_ringing_call_can_be_canceled(exchange, client, ada):
    call = client.calls.create(to=ada.number, from_="+441632960000", twiml=ANSWER)
    eventually(lambda: client.calls(call.sid).fetch().status == "ringing")
    client.calls(call.sid).update(status="canceled")
    ada.sid = call.sid
    ada.is_left_with("canceled")


def test_ended_call_cannot_be_updated(app, client, ada):
    app.answers["/voice"] = "<Response/>"
    sid = ada.dials()
    ada.is_left_with("completed")
    for change in ({"twiml": ANSWER}, {"status": "completed"}, {"url": "http://h.example/"}):
        with pytest.raises(TwilioRestException) as caught:
            client.calls(sid).update(**change)
        assert (caught.value.status, caught.value.code) == (400, 21220)


def test_last_of_many_updates_wins(app, exchange, client, ada):
    app.answers["/voice"] = WAITING
    sid = ada.dials()
    ada.hears("Please wait")
    for place in range(10):
        client.calls(sid).update(twiml=f'<Response><Say>Answer {place}</Say><Pause length="60"/></Response>')
    eventually(lambda: ada.heard()[-1] == "Answer 9")
    ada.hangs_up()
    assert ada.heard()[-1] == "Answer 9"


@pytest.mark.parametrize("wrong", [{"url": "nowhere"}, {"status": "busy"}, {"status_callback": "nowhere"}])
def test_rejected_update_changes_nothing(app, client, ada, wrong):
    """Neither the callbacks nor the document, wherever the invalid parameter is."""
    app.answers["/voice"] = WAITING
    sid = ada.dials()
    ada.hears("Please wait")
    new = {"fallback_url": f"{app.origin}/new", "status_callback": f"{app.origin}/new"}
    with pytest.raises(TwilioRestException):
        client.calls(sid).update(**new | wrong)
    client.calls(sid).update(twiml="<Response><Bad")
    app.was_asked("/done")
    assert app.at("/new") == []


def test_update_limits_the_duration_of_the_call(app, exchange, client, ada):
    """https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource (2026-11): TimeLimit"""
    app.answers["/voice"] = WAITING
    sid = ada.dials()
    ada.hears("Please wait")
    exchange.time_passes(50)
    client.calls(sid).update(time_limit=60)
    exchange.time_passes(9)
    assert ada.call()["status"] == "in-progress"
    exchange.time_passes(1)
    ada.is_left_with("completed")
    assert exchange.alerts() == []


def test_update_limits_the_duration_of_a_ringing_call(exchange, client, ada):
    call = client.calls.create(to=ada.number, from_=NUMBER, twiml=WAITING)
    ada.is_called()
    client.calls(call.sid).update(time_limit=10)
    exchange.time_passes(20)
    ada.answers()
    ada.hears("Please wait")
    exchange.time_passes(10)
    ada.is_left_with("completed")


def test_update_limits_the_duration_of_a_leg_of_dial(app, exchange, client, ada, ben):
    app.answers["/voice"] = f"<Response><Dial>{ben.number}</Dial><Say>Over</Say></Response>"
    ada.dials()
    ben.answers()
    ben.listens_for("talk")
    client.calls(ben.sid).update(time_limit=60)
    exchange.time_passes(60)
    ben.is_left_with("completed")
    ada.hears("Over")
