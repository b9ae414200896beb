"""A person calls the number and hears the app's TwiML."""

import asyncio

import pytest
from aiohttp import web

from ringback.testing.waiting import eventually
from support.documents import say
from support.exchange import NUMBER, SID


def test_first_webhook_contains_caller_and_number(app, ada):
    app.answers["/voice"] = say("Hello")
    sid = ada.dials()
    ada.hears("Hello")
    asked = app.was_asked("/voice")[0]
    geography = [f"{role}{part}" for role in ("From", "Caller", "To", "Called") for part in ("City", "State", "Zip")]
    countries = [f"{role}Country" for role in ("From", "Caller", "To", "Called")]
    assert asked.all() == {
        "CallSid": sid,
        "AccountSid": SID,
        "From": ada.number,
        "Caller": ada.number,
        "To": NUMBER,
        "Called": NUMBER,
        "CallStatus": "ringing",
        "ApiVersion": "2010-04-01",
        "Direction": "inbound",
        **dict.fromkeys(geography, ""),
        **dict.fromkeys(countries, "GB"),
    }


def test_call_ends_with_the_document_and_sends_a_status_callback(app, ada):
    app.answers["/voice"] = say("Hello")
    app.answers["/done"] = web.Response(status=204)
    ada.dials()
    ada.is_left_with("completed")
    told = app.was_asked("/done")[0]
    assert told["CallStatus"] == "completed"
    assert told["CallbackSource"] == "call-progress-events"
    assert told["SequenceNumber"] == "0"
    assert (told["Duration"], told["CallDuration"]) == ("0", "0")
    assert told["SipResponseCode"] == "200"
    assert told["Timestamp"].endswith("+0000")


@pytest.mark.parametrize("options", [{"caller_names": True}], ids=["caller-names"])
def test_webhook_can_contain_the_name_of_the_caller(app, exchange, ada):
    app.answers["/voice"] = lambda asked: say(f"Hello {asked['CallerName']}")
    exchange.post(ada.door, {"name": "Ada"})
    sid = ada.dials()
    ada.hears("Hello Ada")
    assert exchange.client().calls(sid).fetch().caller_name == "Ada"


@pytest.mark.parametrize(
    ("written", "asked_at"),
    [
        ("next", "/sub/next"),
        ("../next", "/next"),
        ("/next", "/next"),
        ("?x=1", "/sub/voice?x=1"),
        ("", "/sub/voice?a=b"),
        (".", "/sub/"),
        ("./next?a=1&amp;a=2", "/sub/next?a=1&a=2"),
    ],
)
def test_urls_are_resolved_against_the_document(app, exchange, ada, written, asked_at):
    exchange.state.numbers[NUMBER].voice_url = f"{app.origin}/sub/voice?a=b"
    first = iter([f"<Response><Redirect>{written}</Redirect></Response>"])
    for path in ("/sub/voice", "/sub/next", "/next", "/sub/"):
        app.answers[path] = lambda asked: next(first, say("There"))
    ada.dials()
    ada.hears("There")
    assert app.asked[-2 if app.asked[-1].path == "/done" else -1].url == app.origin + asked_at


def test_scheme_relative_url_keeps_the_scheme(app, exchange, ada):
    host = app.origin.removeprefix("http://")
    app.answers["/voice"] = f'<Response><Redirect method="GET">//{host}/other</Redirect></Response>'
    app.answers["/other"] = say("There")
    ada.dials()
    ada.hears("There")
    assert app.at("/other")[0].method == "GET"


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer"), (None, "no-answer")])
def test_rejected_call_is_never_answered(app, ada, reason, status):
    attribute = f' reason="{reason}"' if reason else ""
    app.answers["/voice"] = f"<Response><Reject{attribute}/></Response>"
    ada.dials()
    ada.is_left_with(status)
    assert ada.call()["answered"] is None
    assert app.was_asked("/done")[0]["CallStatus"] == status


def test_nothing_runs_after_hangup(app, ada):
    app.answers["/voice"] = "<Response><Say>Bye</Say><Hangup/><Say>never</Say></Response>"
    ada.dials()
    ada.is_left_with("completed")
    assert ada.heard() == ["Bye"]


def test_app_gets_one_callback_when_the_caller_hangs_up(app, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu"/><Redirect>/again</Redirect></Response>'
    ada.dials()
    ada.listens_for("gather")
    ada.hangs_up()
    ada.is_left_with("completed")
    assert len(app.was_asked("/done")) == 1
    assert app.at("/menu") == app.at("/again") == []


def test_pause_lasts_for_its_length(app, exchange, ada):
    app.answers["/voice"] = '<Response><Pause length="30"/><Say>Still there?</Say></Response>'
    ada.dials()
    eventually(lambda: [item["verb"] for item in ada.call()["heard"]] == ["Pause"])
    exchange.time_passes(29)
    assert ada.heard() == []
    exchange.time_passes(1)
    ada.hears("Still there?")


def test_say_uses_voice_language_and_loop(app, ada):
    app.answers["/voice"] = (
        '<Response><Say voice="alice" language="de-DE" loop="2">Guten <emphasis>Tag</emphasis></Say></Response>'
    )
    ada.dials()
    ada.hears("Guten Tag", "Guten Tag")
    item = ada.call()["heard"][0]
    assert (item["voice"], item["language"]) == ("alice", "de-DE")


def test_ssml_alias_is_spoken_instead_of_the_text(app, ada):
    app.answers["/voice"] = (
        '<Response><Say>The <sub alias="World Wide Web">WWW</sub><break time="1s"/> is up</Say></Response>'
    )
    ada.dials()
    ada.hears("The World Wide Web is up")


def test_text_can_be_sent_during_a_call(app, exchange, ada):
    app.answers["/voice"] = "<Response><Sms>from the call</Sms><Say>Sent</Say></Response>"
    ada.dials()
    ada.hears("Sent")
    ada.gets("from the call")


def test_action_of_a_text_in_a_call_is_requested_with_its_method(app, exchange, ada):
    app.answers["/voice"] = '<Response><Sms action="/sent" method="GET">from the call</Sms></Response>'
    app.answers["/sent"] = "<Response><Say>Sent</Say></Response>"
    ada.dials()
    ada.hears("Sent")
    assert app.at("/sent")[0].method == "GET"


def test_loop_is_interrupted_by_a_hang_up(app, ada):
    app.answers["/voice"] = "<Response><Say loop='0'>again</Say></Response>"
    ada.dials()
    eventually(lambda: len(ada.heard()) >= 2)
    ada.hangs_up()
    assert ada.call()["heard"][-1]["ended"]


def test_cookies_are_kept_until_the_call_ends(app, ada):
    def answer(asked):
        seen = asked.headers.get("Cookie", "")
        response = web.Response(text="<Response><Redirect>/second</Redirect></Response>", content_type="text/xml")
        if asked.path == "/second":
            response = web.Response(text=say(f"cookie: {seen}"), content_type="text/xml")
        response.set_cookie("visit", "1")
        return response

    app.answers["/voice"] = app.answers["/second"] = answer
    ada.dials()
    ada.hears("cookie: visit=1")
    ada.is_left_with("completed")
    ada.dials()
    ada.is_left_with("completed")
    assert "Cookie" not in app.at("/voice")[1].headers


def test_hanging_up_does_not_wait_for_a_webhook(app, ada):
    async def slow():
        await asyncio.sleep(3_600)
        return web.Response(text=say("too late"), content_type="text/xml")

    app.answers["/voice"] = lambda asked: slow()
    ada.dials()
    app.was_asked("/voice")
    ada.hangs_up()
    assert ada.call()["status"] == "canceled"
    assert ada.heard() == []
