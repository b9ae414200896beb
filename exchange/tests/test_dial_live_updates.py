"""A call in a Dial is redirected through the REST API."""


def dial(attributes="", inner="+441632960002", after="<Say>Nobody is there</Say>"):
    return f"<Response><Dial {attributes}>{inner}</Dial>{after}</Response>"


def test_called_person_can_be_redirected(app, exchange, ada, ben):
    app.answers["/voice"] = dial('action="/after"')
    app.answers["/after"] = lambda asked: f"<Response><Say>{asked.get('DialCallDuration')}</Say></Response>"
    ada.dials()
    ben.answers()
    ada.listens_for("talk")
    exchange.client().calls(ben.sid).update(
        twiml="<Response><Say>You are elsewhere</Say><Pause length='9'/></Response>"
    )
    ben.hears("You are elsewhere")
    ada.hears("None")
    assert ben.call()["status"] == "in-progress"


def test_caller_can_be_redirected(app, exchange, ada, ben):
    app.answers["/voice"] = dial('action="/after"')
    ada.dials()
    ben.answers()
    ada.listens_for("talk")
    exchange.client().calls(ada.sid).update(twiml="<Response><Say>You are elsewhere</Say></Response>")
    ada.hears("You are elsewhere")
    ben.is_left_with("completed")
    assert app.at("/after") == []
