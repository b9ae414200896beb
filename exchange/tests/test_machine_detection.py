"""Answering machine detection."""

import pytest

from support.exchange import NUMBER


@pytest.fixture
def makes(app, exchange):
    """The app calls Ada and says something; the AMD results are sent to /machine."""
    app.answers["/hello"] = "<Response><Say>Hello</Say><Pause length='60'/><Redirect>/more</Redirect></Response>"
    app.answers["/more"] = app.answers["/machine"] = ""

    def make(ada, **more):
        asked = {"to": ada.number, "from_": NUMBER, "url": f"{app.origin}/hello", "machine_detection": "Enable"}
        ada.sid = exchange.client().calls.create(**(asked | more)).sid

    return make


@pytest.mark.parametrize(
    ("behaviour", "detection", "verdict"),
    [
        ("machine", "Enable", "machine_start"),
        ("machine", "DetectMessageEnd", "machine_end_beep"),
        ("answers", "Enable", "human"),
    ],
)
def test_call_continues_during_asynchronous_detection(app, exchange, ada, makes, behaviour, detection, verdict):
    ada.behaves(behaviour)
    makes(ada, async_amd="true", async_amd_status_callback=f"{app.origin}/machine", machine_detection=detection)
    told = app.was_asked("/machine")[0].all()
    assert told == {
        "CallSid": ada.sid,
        "AccountSid": exchange.client().account_sid,
        "AnsweredBy": verdict,
        "MachineDetectionDuration": "2000",
    }
    assert app.was_asked("/hello")[0].get("AnsweredBy") is None
    exchange.time_passes(60)
    assert app.was_asked("/more")[0]["AnsweredBy"] == verdict
    assert exchange.client().calls(ada.sid).fetch().answered_by == verdict


def test_result_can_be_sent_by_get(app, ada, makes):
    ada.behaves("machine")
    callback = {"async_amd_status_callback": f"{app.origin}/machine", "async_amd_status_callback_method": "GET"}
    makes(ada, async_amd="true", **callback)
    assert app.was_asked("/machine")[0].method == "GET"


def test_app_can_leave_a_message_on_the_machine(app, exchange, ada, makes):
    def leave(asked):
        twiml = "<Response><Say>Please call back</Say></Response>"
        exchange.loop.run_in_executor(None, lambda: exchange.client().calls(asked["CallSid"]).update(twiml=twiml))
        return ""

    ada.behaves("machine")
    app.answers["/machine"] = leave
    makes(ada, async_amd="true", async_amd_status_callback=f"{app.origin}/machine")
    ada.hears("Hello", "Please call back")


def test_dialed_phone_can_be_a_machine(app, exchange, ada, ben):
    app.answers["/machine"] = ""
    app.answers["/voice"] = (
        '<Response><Dial><Number machineDetection="Enable" amdStatusCallback="/machine">'
        f"{ben.number}</Number></Dial></Response>"
    )
    ben.behaves("machine")
    ada.dials()
    ada.listens_for("talk")
    assert app.was_asked("/machine")[0]["AnsweredBy"] == "machine_start"
    assert exchange.alerts() == []
