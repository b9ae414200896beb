"""A person texts the number, and the app replies."""

import pytest
from aiohttp import web

from ringback.testing.waiting import eventually
from support.exchange import NUMBER, SID

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def reply(*messages):
    return "<Response>" + "".join(f"<Message>{message}</Message>" for message in messages) + "</Response>"


def test_text_reaches_the_app_and_the_reply_comes_back(app, exchange, ada):
    app.answers["/sms"] = reply("Hello Ada")
    ada.texts("hello")
    ada.gets("Hello Ada")
    asked = app.was_asked("/sms")[0]
    assert asked.all() | {"MessageSid": "", "SmsSid": "", "SmsMessageSid": ""} == {
        "MessageSid": "",
        "SmsSid": "",
        "SmsMessageSid": "",
        "SmsStatus": "received",
        "AccountSid": SID,
        "ApiVersion": "2010-04-01",
        "From": ada.number,
        "To": NUMBER,
        "Body": "hello",
        "NumMedia": "0",
        "NumSegments": "1",
        **dict.fromkeys(["FromCity", "FromState", "FromZip", "ToCity", "ToState", "ToZip"], ""),
        **dict.fromkeys(["FromCountry", "ToCountry"], "GB"),
    }
    assert asked["MessageSid"] == asked["SmsSid"] == asked["SmsMessageSid"]
    assert exchange.alerts() == []


def test_webhook_has_the_parameters_of_twilio(app, ada):
    app.answers["/sms"] = reply()
    ada.texts("hello")
    headers = app.was_asked("/sms")[0].headers
    assert headers["User-Agent"] == "TwilioProxy/1.1"
    assert headers["Accept"] == "*/*"
    assert headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert headers["X-Home-Region"] == "us1"
    assert len(headers["I-Twilio-Idempotency-Token"]) == 36
    assert headers["Host"] == app.origin.removeprefix("http://")
    assert "Authorization" not in headers


def test_several_messages_arrive_in_order_with_their_line_breaks(app, ada):
    app.answers["/sms"] = reply("one\ntwo", "<Body>three</Body><Body> four</Body>")
    ada.texts("hello")
    ada.gets("one\ntwo", "three four")


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "text/html; charset=utf-8"])
def test_three_content_types_are_accepted(app, ada, kind):
    app.answers["/sms"] = web.Response(body=reply("Grüße").encode(), headers={"Content-Type": kind})
    ada.texts("hello")
    ada.gets("Grüße")


def test_plain_text_is_the_reply(app, ada):
    app.answers["/sms"] = web.Response(text="just words")
    ada.texts("hello")
    ada.gets("just words")


@pytest.mark.parametrize("answer", [lambda: web.Response(status=204), lambda: "", lambda: "<Response/>"])
def test_empty_response_is_no_reply_and_no_error(app, exchange, ada, answer):
    app.answers["/sms"] = lambda asked: answer()
    ada.texts("hello")
    app.was_asked("/sms")
    app.answers["/sms"] = reply("later")
    ada.texts("again")
    ada.gets("later")
    assert exchange.alerts() == []


def test_document_can_redirect(app, ada):
    app.answers["/sms"] = "<Response><Redirect>/other?x=1&amp;y=2</Redirect><Message>never</Message></Response>"
    app.answers["/other"] = reply("there")
    ada.texts("hello")
    ada.gets("there")
    assert app.at("/other")[0]["Body"] == "hello"
    assert app.at("/other")[0].url.endswith("/other?x=1&y=2")


def test_action_of_a_message_is_requested(app, ada):
    app.answers["/sms"] = '<Response><Message action="/next">one</Message><Message>never</Message></Response>'
    app.answers["/next"] = reply("two")
    ada.texts("hello")
    ada.gets("one", "two")
    assert app.was_asked("/next")[0]["MessageStatus"] == "queued"


def test_status_of_a_reply_is_sent_to_its_callback(app, ada):
    app.answers["/sms"] = '<Response><Message statusCallback="/status">one</Message></Response>'
    app.answers["/status"] = web.Response(status=204)
    ada.texts("hello")
    told = app.was_asked("/status", times=2)
    assert sorted(asked["MessageStatus"] for asked in told) == ["delivered", "sent"]
    assert all(asked["SmsStatus"] == asked["MessageStatus"] for asked in told)
    assert told[0]["To"] == ada.number


def test_media_are_sent_in_both_directions(app, exchange, ada):
    app.answers["/cat.png"] = lambda asked: web.Response(body=PNG, content_type="image/png")
    app.answers["/sms"] = "<Response><Message><Body>look</Body><Media>cat.png</Media></Message></Response>"
    ada.texts("", media_url=f"{app.origin}/cat.png")
    ada.gets("look")
    asked = app.was_asked("/sms")[0]
    assert (asked["NumMedia"], asked["MediaContentType0"], asked["Body"]) == ("1", "image/png", "")
    assert asked["MessageSid"].startswith("MM")
    status, body, _ = exchange.request("GET", asked["MediaUrl0"].removeprefix(exchange.origin))
    assert (status, body) == (200, PNG)
    received = exchange.get(f"{ada.door}/texts")["texts"][-1]
    assert exchange.request("GET", received["media"][0]["url"])[1] == PNG


def test_media_can_be_a_data_url(app, ada):
    app.answers["/sms"] = reply("thanks")
    ada.texts("", media_url="data:image/png;base64,iVBORw0KGgo=")
    ada.gets("thanks")
    assert app.was_asked("/sms")[0]["MediaContentType0"] == "image/png"


def test_fallback_is_requested_with_the_error_code(app, exchange, ada):
    app.answers["/sms"] = lambda asked: web.Response(status=500)
    app.answers["/help"] = reply("we are sorry")
    exchange.state.numbers[NUMBER].sms_fallback_url = f"{app.origin}/help"
    ada.texts("hello")
    ada.gets("we are sorry")
    asked = app.was_asked("/help")[0]
    assert (asked["ErrorCode"], asked["ErrorUrl"]) == ("11217", f"{app.origin}/sms")
    assert exchange.warns(11217)["answer"]["status"] == 500


def test_fallback_that_redirects_to_the_failing_url_does_not_loop(app, exchange, ada):
    app.answers["/sms"] = lambda asked: web.Response(status=500)
    app.answers["/help"] = "<Response><Message>we are sorry</Message><Redirect>/sms</Redirect></Response>"
    exchange.state.numbers[NUMBER].sms_fallback_url = f"{app.origin}/help"
    ada.texts("hello")
    eventually(lambda: exchange.alerts().count(11217) == 2)
    eventually(lambda: exchange.get("/requests")["pending"] == 0)
    assert len(app.at("/help")) == 1
    ada.gets("we are sorry")


def test_stop_blocks_texts_until_start(app, exchange, ada):
    app.answers["/sms"] = lambda asked: reply(f"you said {asked['Body']}")
    ada.texts(" stop ")
    ada.gets(
        "You have successfully been unsubscribed. You will not receive any more messages from this number. "
        "Reply START to resubscribe."
    )
    exchange.warns(21610)
    ada.texts("hello")
    app.was_asked("/sms", times=2)
    ada.texts("START")
    app.was_asked("/sms", times=3)
    ada.texts("stop please")
    app.was_asked("/sms", times=4)
    eventually(lambda: "you said stop please" in ada.inbox())
    assert "you said hello" not in ada.inbox()
    assert len([body for body in ada.inbox() if "successfully" in body]) == 2


def test_reply_loop_is_stopped(app, exchange, ada):
    app.answers["/sms"] = reply("echo")
    for _ in range(17):
        ada.texts("echo")
    exchange.warns(14107)
    assert len(ada.inbox()) <= 15


def test_redirect_loop_is_stopped(app, exchange, ada):
    app.answers["/sms"] = "<Response><Redirect/></Response>"
    ada.texts("hello")
    exchange.warns(14106)
    assert len(app.at("/sms")) == 50


def test_text_gets_at_most_ten_replies(app, exchange, ada):
    app.answers["/sms"] = reply(*"abcdefghijkl")
    ada.texts("hello")
    exchange.warns(14109)
    ada.gets(*"abcdefghij")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Response><message>hi</message></Response>", 12200),
        ("<Response><Say>hi</Say></Response>", 14110),
        ("<Response><Message/></Response>", 14103),
        ('<Response><Message to="nobody">hi</Message></Response>', 14101),
        ('<Response><Message from="+15550001111">hi</Message></Response>', 14102),
        ('<Response><Message method="PUT">hi</Message></Response>', 14104),
        ("<Response><Message>hi</Response>", 12100),
        (" <?xml version='1.0'?><Response/>", 12100),
        ("<Reply/>", 12102),
        ("None", 12100),
    ],
)
def test_warnings_match_those_of_twilio(app, exchange, ada, document, code):
    app.answers["/sms"] = document
    ada.texts("hello")
    alert = exchange.warns(code)
    assert alert["request"]["url"] == f"{app.origin}/sms"
    assert alert["line"] == 1


def test_cookies_are_kept_for_each_pair_of_numbers(app, exchange, ada, ben):
    def answer(asked):
        response = web.Response(text=reply(asked.headers.get("Cookie", "none")), content_type="text/xml")
        response.set_cookie("who", asked["From"][-1])
        return response

    app.answers["/sms"] = answer
    ada.texts("1")
    ada.gets("none")
    ada.texts("2")
    ada.gets("none", "who=1")
    ben.texts("1")
    ben.gets("none")
    exchange.time_passes(4 * 3600 + 1)
    ada.texts("3")
    ada.gets("none", "who=1", "none")


def test_text_between_handsets_does_not_reach_the_app(exchange, ada, ben):
    ada.texts("hello Ben", to=ben.number)
    ben.gets("hello Ben")
