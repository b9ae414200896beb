"""ConversationRelay: what an app can do wrong, and what can go wrong between it and Twilio."""

import json
import socket

import pytest


@pytest.fixture
def options():
    return {"pace": 1.0}


def mistakes(exchange, code):
    return [alert["message"] for alert in exchange.get("/debugger")["alerts"] if alert["code"] == code]


def test_a_wrong_message_is_named_and_the_session_goes_on(relay, ada, exchange):
    relay.starts()
    message = '{"type": "text", "token": 7}'
    relay.socket.sends(message)
    assert relay.socket.gets("error")["description"] == f"Invalid message received: {message}"
    assert mistakes(exchange, 64107) == [
        f"ConversationRelay: invalid message: text: token must be text, not 7: {message}"
    ]
    relay.says("Still here.")


def test_a_binary_message_is_wrong_too(relay, ada, exchange):
    relay.starts()
    relay.socket.sends(b"\x00\x01")
    relay.socket.gets("error")
    assert "it is binary" in mistakes(exchange, 64107)[0]


def test_an_unknown_field_is_named_and_ignored(relay, ada, exchange):
    relay.starts()
    relay.says("Hello.", lst=True)
    assert "unknown fields lst" in exchange.warns(12200)["message"]


def test_an_answer_without_an_end_is_named_when_the_caller_goes_on(relay, ada, exchange):
    relay.starts()
    relay.socket.sends({"type": "text", "token": "One. Two"})
    ada.hears("One.")
    exchange.time_passes(6)
    ada.speaks("and?")
    alert = exchange.warns(12200)
    assert "“Two” was not spoken" in alert["message"]
    assert "last: true" in alert["mend"]


def test_the_tenth_wrong_message_in_a_row_ends_the_session(relay, ada, exchange):
    relay.starts()
    for _ in range(9):
        relay.socket.sends('{"foo": "bar"}')
    relay.says("One good message starts the count again.")
    for _ in range(10):
        relay.socket.sends('{"foo": "bar"}')
    assert relay.socket.is_closed() == (1007, "Too many consecutive malformed messages.")
    result = relay.result()
    assert (result["SessionStatus"], result["ErrorCode"]) == ("failed", "39001")
    assert len(mistakes(exchange, 64107)) == 19
    assert "Too many consecutive malformed messages" in exchange.warns(64105)["message"]


def test_an_app_that_closes_the_websocket_has_not_ended_the_session(relay, ada, exchange):
    relay.starts()
    relay.socket.closes()
    result = relay.result()
    assert result["SessionStatus"] == "failed"
    assert result["ErrorCode"] == "39001"
    assert result["ErrorMessage"] == "Network connection to WebSocket server failed."
    assert "close code 1000" in exchange.warns(64105)["message"]


def test_an_app_that_refuses_the_handshake_fails_the_session(relay, app, ada, exchange):
    app.answers["/agent"] = "<Response/>"
    app.answers["/voice"] = (
        f'<Response><Connect action="/after"><ConversationRelay url="{relay.url}"/></Connect></Response>'
    )
    ada.dials()
    assert relay.result()["SessionStatus"] == "failed"
    alert = exchange.warns(64102)
    assert "status 200, not 101" in alert["message"]
    assert alert["request"]["url"] == relay.url


@pytest.mark.parametrize("url", ["ws://127.0.0.1/x", "", "/agent", "wss://127.0.0.1:{port}/x"])
def test_a_url_that_cannot_be_reached_fails_the_session(relay, app, ada, exchange, url):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = url.replace("{port}", str(free.getsockname()[1]))
    noun = f'<ConversationRelay url="{url}"/>'
    app.answers["/voice"] = f"<Response><Connect>{noun}</Connect><Say>Sorry.</Say></Response>"
    ada.dials()
    exchange.warns(64102)
    ada.hears("Sorry.")


def test_wrong_attributes_are_named_and_have_no_effect(relay, ada, exchange):
    relay.starts('<Language code="!"/>', interruptible="sometimes", speechTimeout="1", debug="everything")
    messages = "\n".join(mistakes(exchange, 64106))
    for name in ("interruptible must be", "speechTimeout must be", "debug must be", "Language: code must be"):
        assert name in messages
    assert exchange.warns(64106)["line"] == 1
    relay.says("Hello.")


def test_a_voice_that_does_not_fit_ends_the_session_with_an_error_message(relay, ada, exchange):
    relay.starts(voice="Polly.Joanna")
    assert "Polly.Joanna" in relay.socket.gets("error")["description"]
    result = relay.result()
    assert (result["SessionStatus"], result["ErrorCode"]) == ("failed", "64101")
    exchange.warns(64101)


def test_a_configuration_message_changes_the_session(relay, ada, exchange):
    relay.starts()
    relay.socket.sends({"type": "config", "interruptible": "none", "languages": [{"code": "de-DE", "voice": "Vicki"}]})
    assert relay.socket.gets("info") == {"type": "info", "name": "configUpdated", "value": "interruptible languages"}
    relay.says("Hallo.", lang="de-DE")
    ada.speaks("stop")
    exchange.time_passes(1)
    relay.socket.sends({"type": "hints", "hints": "yes, no"})
    relay.socket.gets("info", times=2)
    assert not relay.socket.of("interrupt")
    assert ada.call()["heard"][0]["voice"] == "Vicki"
    assert ada.call()["listening"]["relay"]["hints"] == "yes, no"


def test_faults_end_the_session(relay, ada, exchange):
    exchange.post("/faults", {"kind": "relay-1007", "seconds": 5})
    relay.starts()
    exchange.time_passes(5)
    assert relay.socket.is_closed() == (1007, "Too many consecutive malformed messages.")
    assert relay.result()["SessionStatus"] == "failed"


def test_an_app_that_comes_back_gets_what_it_missed(relay, ada, exchange):
    exchange.post("/faults", {"kind": "socket-drop", "seconds": 5})
    session = relay.starts(applicationReconnect="true")["sessionId"]
    exchange.time_passes(5)
    exchange.warns(64105)
    ada.speaks("are you there?")
    exchange.time_passes(1)
    assert relay.socket.gets("setup", times=2)["sessionId"] == session
    assert relay.socket.gets("prompt")["voicePrompt"] == "are you there?"
    assert [message["type"] for message in relay.socket.received] == ["setup", "setup", "prompt"]
    relay.ends()
    assert relay.result()["SessionStatus"] == "ended"


def test_an_app_that_does_not_come_back_fails_the_session(relay, ada, exchange, app):
    relay.starts(applicationReconnect="true")
    app.answers["/agent"] = "<Response/>"
    relay.socket.closes()
    exchange.warns(64105)
    exchange.time_passes(40)
    assert relay.result()["SessionStatus"] == "failed"


def test_a_session_does_not_last_longer_than_a_day(relay, ada, exchange):
    relay.starts()
    exchange.time_passes(25 * 3600)
    assert relay.result()["SessionStatus"] == "failed"
    exchange.warns(64104)


def test_connect_without_a_noun_is_named(app, ada, exchange):
    app.answers["/voice"] = "<Response><Connect/><Say>Next.</Say></Response>"
    ada.dials()
    ada.hears("Next.")
    alert = exchange.warns(12200)
    assert "<Connect> has no noun" in alert["message"]
    assert "<ConversationRelay>" in alert["mend"]
    assert "case" not in json.dumps(alert)


def test_a_noun_that_ringback_does_not_have_is_named(app, ada, exchange):
    app.answers["/voice"] = "<Response><Connect><VirtualAgent connectorName='x'/></Connect><Say>Next.</Say></Response>"
    ada.dials()
    ada.hears("Next.")
    alert = exchange.warns(12200)
    assert "<VirtualAgent> is not supported" in alert["message"]
    assert "case-sensitive" not in alert["mend"]
