"""A person texts the number, and the app answers."""


def test_a_text_is_told_to_the_app_and_its_reply_comes_back(app, exchange, ada):
    app.answers["/sms"] = "<Response><Message>Hello Ada</Message></Response>"
    ada.texts("hello")
    ada.gets("Hello Ada")
    asked = app.was_asked("/sms")[0]
    assert asked["From"] == ada.number
    assert asked["Body"] == "hello"
    assert asked["MessageSid"] == asked["SmsSid"] == asked["SmsMessageSid"]
    assert asked["NumMedia"] == "0"
    assert exchange.alerts() == []
