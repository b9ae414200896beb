"""HELP can be answered automatically, as on a real number."""

import pytest


@pytest.fixture
def options():
    return {"help_reply": "Call Ada for help."}


def test_help_is_answered_and_also_sent_to_the_app(app, ada):
    app.answers["/sms"] = "<Response/>"
    ada.texts("help")
    ada.gets("Call Ada for help.")
    assert app.was_asked("/sms")[0]["Body"] == "help"
