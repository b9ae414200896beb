"""A person calls the number, and hears what the app says."""


def test_a_caller_hears_the_greeting_and_presses_a_key(app, exchange, ada):
    app.answers["/voice"] = """<Response><Gather numDigits="1" action="/menu"><Say>Press one</Say></Gather></Response>"""
    app.answers["/menu"] = lambda asked: f"<Response><Say>You pressed {asked['Digits']}</Say></Response>"
    ada.dials()
    ada.presses("1")
    ada.hears("Press one", "You pressed 1")
    ada.is_left_with("completed")
    app.answers["/done"] = ""
    assert app.was_asked("/done")[0]["CallStatus"] == "completed"
