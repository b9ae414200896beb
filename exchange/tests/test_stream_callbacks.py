"""What an app is told about its media streams, and handshakes that do not succeed."""

import pytest

from ringback.testing.waiting import eventually


@pytest.fixture
def events(app, agent):
    app.answers["/status"] = ""
    app.answers["/voice"] = (
        f'<Response><Connect><Stream url="{agent.url}" name="talk" statusCallback="/status"/></Connect></Response>'
    )

    def events(times):
        return sorted((asked["StreamEvent"], asked.get("StreamError")) for asked in app.was_asked("/status", times))

    return events


def test_the_app_is_told_of_the_start_and_the_end(app, events, agent, ada):
    ada.dials()
    agent.gets("start")
    agent.closes()
    assert events(2) == [("stream-started", None), ("stream-stopped", None)]
    asked = app.at("/status")[0]
    assert (asked["StreamSid"], asked["StreamName"], asked["CallSid"]) == (agent.sid, "talk", ada.sid)
    assert asked["Timestamp"].endswith("Z")


def test_the_app_is_told_why_the_handshake_failed(app, events, ada, exchange):
    app.answers.pop("/stream")
    ada.dials()
    ((event, error),) = events(1)
    assert event == "stream-error"
    assert "status 404" in error
    assert exchange.warns(31920)
    ada.is_left_with("completed")


def test_the_app_is_told_of_a_lost_connection(events, agent, ada, exchange):
    exchange.post("/faults", {"kind": "socket-drop", "seconds": 3})
    ada.dials()
    agent.gets("start")
    exchange.time_passes(3)
    assert events(2)[0] == ("stream-error", "the connection was lost without a close frame")
    assert exchange.warns(31921)


def test_an_app_that_never_accepts_is_given_up(app, ada, exchange, agent):
    exchange.post("/faults", {"kind": "socket-slow", "seconds": 60})
    ada.dials()
    eventually(lambda: exchange.state.streams)
    exchange.time_passes(16)
    assert exchange.warns(31901)
    ada.hears("Bye")


def test_a_caller_can_hang_up_before_the_app_accepts(ada, exchange, agent):
    exchange.post("/faults", {"kind": "socket-slow", "seconds": 60})
    ada.dials()
    eventually(lambda: exchange.state.streams)
    ada.hangs_up()
    ada.is_left_with("completed")
    (stream,) = exchange.get(f"{ada.door}/calls/{ada.sid}/streams")["streams"]
    assert (stream["status"], exchange.alerts()) == ("stopped", [])
