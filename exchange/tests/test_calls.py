"""A person calls the number and hears the app's TwiML."""

import asyncio

import pytest
from aiohttp import web

from ringback.testing.waiting import eventually
from support.exchange import NUMBER, SID


def say(*words):
    return "<Response>" + "".join(f"<Say>{word}</Say>" for word in words) + "</Response>"


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


def test_caller_presses_a_key(app, exchange, ada):
    app.answers["/voice"] = '<Response><Gather numDigits="1" action="/menu"><Say>Press one</Say></Gather></Response>'
    app.answers["/menu"] = lambda asked: say(f"You pressed {asked['Digits']}")
    ada.dials()
    ada.presses("1")
    ada.hears("Press one", "You pressed 1")
    asked = app.was_asked("/menu")[0]
    assert (asked["FinishedOnKey"], asked["msg"], asked["CallStatus"]) == ("", "Gather End", "in-progress")
    assert exchange.alerts() == []


def test_digits_are_gathered_until_the_finish_key(app, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu"/></Response>'
    app.answers["/menu"] = lambda asked: say(f"{asked['Digits']} and {asked['FinishedOnKey']}")
    ada.dials()
    ada.presses("12")
    eventually(lambda: ada.listens_for("gather")["digits"] == "12")
    ada.presses("3#4")
    ada.hears("123 and #")


@pytest.mark.parametrize(("kind", "path", "ignored"), [("dtmf", "speech", "hm"), ("speech", "keys", "1")])
def test_input_that_a_gather_ignores_does_not_extend_the_timeout(app, exchange, ada, kind, path, ignored):
    app.answers["/voice"] = f'<Response><Gather input="{kind}"/><Say>Nothing</Say></Response>'
    ada.dials()
    ada.has_the_floor("gather")
    exchange.time_passes(3)
    exchange.post(f"{ada.door}/calls/{ada.sid}/{path}", {"words" if path == "speech" else "digits": ignored})
    exchange.time_passes(3)
    ada.hears("Nothing")


def test_gathering_digits_ends_after_the_timeout(app, exchange, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu" timeout="7" finishOnKey=""/></Response>'
    app.answers["/menu"] = lambda asked: say(asked["Digits"])
    ada.dials()
    ada.presses("1#")
    eventually(lambda: ada.listens_for("gather")["digits"] == "1#")
    exchange.time_passes(7)
    ada.hears("1#")


def test_document_continues_without_input(app, exchange, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu"><Say>Well?</Say></Gather><Say>Bye</Say></Response>'
    ada.dials()
    ada.listens_for("gather")
    ada.hears("Well?")
    exchange.time_passes(5)
    ada.hears("Well?", "Bye")
    assert app.at("/menu") == []


def test_action_on_empty_result_requests_the_action(app, exchange, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu" timeout="3" actionOnEmptyResult="true"/></Response>'
    app.answers["/menu"] = lambda asked: say(f"nothing: {asked['Digits']!r}")
    ada.dials()
    ada.listens_for("gather")
    exchange.time_passes(3)
    ada.hears("nothing: ''")


def test_key_interrupts_a_prompt_that_is_still_being_fetched(app, ada):
    app.answers["/voice"] = '<Response><Gather numDigits="1" action="/menu"><Play>/jingle</Play></Gather></Response>'
    app.answers["/jingle"] = lambda asked: asyncio.sleep(3_600)
    app.answers["/menu"] = '<Response><Gather numDigits="1" action="/last"/></Response>'
    app.answers["/last"] = lambda asked: say(f"{asked['Digits']} it is")
    ada.dials()
    ada.presses("2")
    ada.presses("3")
    ada.hears("3 it is")


@pytest.mark.parametrize("options", [{"caller_names": True}], ids=["caller-names"])
def test_webhook_can_contain_the_name_of_the_caller(app, exchange, ada):
    app.answers["/voice"] = lambda asked: say(f"Hello {asked['CallerName']}")
    exchange.post(ada.door, {"name": "Ada"})
    sid = ada.dials()
    ada.hears("Hello Ada")
    assert exchange.client().calls(sid).fetch().caller_name == "Ada"


def test_finish_key_alone_counts_as_no_input(app, ada):
    app.answers["/voice"] = '<Response><Gather action="/menu"/><Say>Nothing</Say></Response>'
    ada.dials()
    ada.presses("#")
    ada.hears("Nothing")


def test_speech_is_accepted_as_input(app, ada):
    app.answers["/voice"] = '<Response><Gather input="dtmf speech" action="/menu" hints="yes, no"/></Response>'
    app.answers["/menu"] = lambda asked: say(f"{asked['SpeechResult']}, {asked['Confidence']}")
    ada.dials()
    assert ada.listens_for("gather")["hints"] == "yes, no"
    ada.speaks("two pizzas")
    ada.hears("two pizzas, 0.9")


def test_speech_is_ignored_where_only_keys_are_accepted(app, ada):
    app.answers["/voice"] = '<Response><Gather numDigits="1" action="/menu"/></Response>'
    app.answers["/menu"] = lambda asked: say(asked["Digits"])
    ada.dials()
    ada.listens_for("gather")
    ada.speaks("hello", wait=0)
    ada.presses("4")
    ada.hears("4")


def test_without_an_action_the_same_url_is_requested(app, ada):
    app.answers["/voice"] = lambda asked: (
        say("Thanks") if asked.get("Digits") else '<Response><Gather numDigits="1"/></Response>'
    )
    ada.dials()
    ada.presses("1")
    ada.hears("Thanks")


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
