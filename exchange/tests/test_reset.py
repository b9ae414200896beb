"""POST /reset clears all state between two tests."""

from support.exchange import NUMBER


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
