"""A whisper document runs on the called phone before the two are connected."""

from aiohttp import web

from ringback.testing.waiting import eventually


def dial(attributes="", inner="+441632960002", after="<Say>Nobody is there</Say>"):
    return f"<Response><Dial {attributes}>{inner}</Dial>{after}</Response>"


def test_called_person_hears_a_whisper_first_and_may_decline(app, ada, ben):
    app.answers["/voice"] = dial('action="/after"', f'<Number url="/whisper">{ben.number}</Number>')
    app.answers["/whisper"] = (
        '<Response><Gather numDigits="1" action="/accept"><Say>Press 1</Say></Gather><Hangup/></Response>'
    )
    app.answers["/accept"] = lambda asked: "<Response/>" if asked["Digits"] == "1" else "<Response><Hangup/></Response>"
    app.answers["/after"] = lambda asked: (
        f"<Response><Say>{asked['DialCallStatus']}, bridged: {asked['DialBridged']}</Say></Response>"
    )
    ada.dials()
    ben.answers()
    ben.hears("Press 1")
    ben.presses("1")
    ada.listens_for("talk")
    asked = app.at("/whisper")[0]
    assert (asked["CallSid"], asked["ParentCallSid"], asked["Direction"]) == (ben.sid, ada.sid, "outbound-dial")
    ben.hangs_up()
    ada.hears("completed, bridged: true")
    ada.dials()
    ben.answers()
    ben.presses("2")
    ada.hears("no-answer, bridged: false")


def test_whisper_cannot_dial(app, exchange, ada, ben):
    app.answers["/voice"] = dial(inner=f'<Number url="/whisper">{ben.number}</Number>')
    app.answers["/whisper"] = "<Response><Dial>+441632960003</Dial></Response>"
    ada.dials()
    ben.answers()
    exchange.warns(13201)
    ada.listens_for("talk")


def test_failed_whisper_ends_only_the_leg(app, exchange, ada):
    app.answers["/voice"] = dial(inner='<Number url="/broken">+441632960002</Number>', after="<Say>Sorry</Say>")
    app.answers["/broken"] = lambda asked: web.Response(status=500)
    exchange.person("2").behaves("answers")
    ada.dials()
    ada.hears("Sorry")
    assert 12400 not in exchange.alerts()


def test_whisper_ends_when_the_caller_hangs_up(app, exchange, ada, ben):
    app.answers["/voice"] = dial("", f'<Number url="/whisper">{ben.number}</Number>')
    app.answers["/whisper"] = (
        "<Response><Say>Please hold</Say><Pause length='10'/><Redirect>/more</Redirect></Response>"
    )
    ada.dials()
    ben.answers()
    ben.hears("Please hold")
    ada.hangs_up()
    ben.is_left_with("completed")
    eventually(lambda: ben.call()["heard"][-1]["interrupted"])
    exchange.time_passes(11)
    assert app.at("/more") == []
