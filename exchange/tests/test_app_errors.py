"""When the app fails, the caller hears an apology and the developer sees the cause."""

import pytest
from aiohttp import web

from support.documents import say
from support.exchange import NUMBER

APOLOGY = "We are sorry, an application error has occurred. Goodbye."


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda: web.Response(status=500), 11217),
        (lambda: web.Response(status=404), 11217),
        (lambda: web.Response(text="<Response><Say>hi</Response>", content_type="text/xml"), 12100),
        (lambda: web.Response(body=b"\xff\xfe\xff<", content_type="text/xml"), 12100),
        (lambda: web.Response(text="{}", content_type="application/json"), 12300),
        (lambda: web.Response(body=b"x" * 70_000, content_type="text/xml"), 11750),
        (lambda: web.Response(text="None", content_type="text/html"), 12100),
        (
            lambda: web.Response(
                text='<!DOCTYPE x [<!ENTITY a "b">]><Response>&a;</Response>', content_type="text/xml"
            ),
            12100,
        ),
    ],
)
def test_caller_hears_an_apology_when_the_app_fails(app, exchange, ada, answer, code):
    app.answers["/voice"] = lambda asked: answer()
    ada.dials()
    ada.hears(APOLOGY)
    ada.is_left_with("completed")
    exchange.warns(code)


def test_fallback_continues_the_call(app, exchange, ada):
    app.answers["/voice"] = "<Response><Redirect>/broken</Redirect></Response>"
    app.answers["/broken"] = lambda asked: web.Response(status=503)
    app.answers["/fallback"] = lambda asked: say(f"Sorry, {asked['ErrorCode']}")
    exchange.state.numbers[NUMBER].voice_fallback_url = f"{app.origin}/fallback"
    ada.dials()
    ada.hears("Sorry, 11217")
    assert app.at("/fallback")[0]["ErrorUrl"] == f"{app.origin}/broken"


def test_failed_fallback_ends_in_the_apology(app, exchange, ada):
    exchange.state.numbers[NUMBER].voice_fallback_url = f"{app.origin}/fallback"
    ada.dials()
    ada.hears(APOLOGY)
    assert len(app.at("/fallback")) == 1


def test_fallback_that_redirects_to_the_failing_url_does_not_loop(app, exchange, ada):
    app.answers["/voice"] = lambda asked: web.Response(status=500)
    app.answers["/fallback"] = "<Response><Redirect>/voice</Redirect></Response>"
    exchange.state.numbers[NUMBER].voice_fallback_url = f"{app.origin}/fallback"
    ada.dials()
    ada.hears(APOLOGY)
    assert len(app.at("/fallback")) == 1


def test_redirect_loop_is_slowed_down(app, exchange, loop, ada):
    loop.call_soon_threadsafe(exchange.state.clock.stop)
    app.answers["/voice"] = "<Response><Redirect/></Response>"
    ada.dials()
    app.was_asked("/voice", times=50)
    for _ in range(20):
        exchange.get("/clock")
    assert len(app.at("/voice")) == 50
    exchange.time_passes(0.1)
    app.was_asked("/voice", times=51)
    ada.hangs_up()


def test_plain_text_is_spoken_and_the_call_ends(app, ada):
    app.answers["/voice"] = web.Response(text="Hello from a text file")
    ada.dials()
    ada.hears("Hello from a text file")
    ada.is_left_with("completed")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Response><say>hi</say></Response>", 12200),
        ('<Response><Gather numdigits="1" timeout="0"/></Response>', 12200),
        ("<Response>hello</Response>", 12200),
        ('<Response><Gather timeout="0"><Hangup/></Gather></Response>', 13320),
        ('<Response><Gather timeout="soon"/></Response>', 13313),
        ('<Response><Gather numDigits="0" timeout="0"/></Response>', 13314),
        ('<Response><Gather finishOnKey="##" timeout="0"/></Response>', 13311),
        ('<Response><Gather finishOnKey="x" timeout="0"/></Response>', 13310),
        ('<Response><Gather input="thought" timeout="0"/></Response>', 12200),
        ('<Response><Pause length="0"/></Response>', 13910),
        ("<Response><Say/></Response>", 13520),
        ('<Response><Say loop="x">hi</Say></Response>', 13510),
        ('<Response><Redirect method="PATCH">/x</Redirect></Response>', 13710),
        ('<Response><Play digits="1;2"/></Response>', 12200),
    ],
)
def test_mistake_in_a_document_is_reported_with_line_and_column(app, exchange, ada, document, code):
    app.answers["/voice"] = document
    ada.dials()
    alert = exchange.warns(code)
    assert alert["line"] == 1
    assert alert["column"] >= 1
    assert alert["mend"]
    assert document in alert["answer"]["body"]


def test_wrong_case_gets_a_suggestion(app, exchange, ada):
    app.answers["/voice"] = "<Response>\n  <Gather num_digits='1' timeout='0'/></Response>"
    ada.dials()
    alert = exchange.warns(12200)
    assert "did you mean numDigits?" in alert["message"]
    assert (alert["line"], alert["column"]) == (2, 3)
