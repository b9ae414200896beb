"""ConversationRelay: the agent and the caller take turns, and the session ends as the app wants."""

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from ringback.sound import wav
from support.app_websocket import AppWebSocket
from support.exchange import NUMBER, SID, TOKEN


@pytest.fixture
def options():
    return {"pace": 1.0}


def test_the_session_begins_with_a_signed_handshake_and_a_setup_message(relay, ada):
    setup = relay.starts('<Parameter name="room" value="7"/>')
    handshake = relay.socket.handshakes[0]
    assert RequestValidator(TOKEN).validate(relay.url, {}, handshake.headers["x-twilio-signature"])
    session = setup.pop("sessionId")
    assert session.startswith("VX")
    assert len(session) == 34
    assert setup == {
        "type": "setup",
        "accountSid": SID,
        "parentCallSid": "",
        "callSid": ada.sid,
        "from": ada.number,
        "to": NUMBER,
        "forwardedFrom": "",
        "callType": "PSTN",
        "callerName": "",
        "direction": "inbound",
        "callStatus": "RINGING",
        "customParameters": {"room": "7"},
    }


def test_a_url_with_a_query_string_is_signed_as_written(relay, ada):
    relay.starts(url=relay.url + "?a=1&b=2")
    handshake = relay.socket.handshakes[0]
    assert RequestValidator(TOKEN).validate(relay.url + "?a=1&b=2", {}, handshake.headers["x-twilio-signature"])


def test_words_become_a_prompt_and_the_answer_is_heard_sentence_by_sentence(relay, ada, exchange):
    relay.starts()
    ada.speaks("What is life?")
    prompt = {"type": "prompt", "voicePrompt": "What is life?", "lang": "en-US", "last": True}
    assert relay.socket.gets("prompt") == prompt
    for token in ["Life is", " complex. ", "It is", " long"]:
        relay.socket.sends({"type": "text", "token": token})
    ada.hears("Life is complex.")
    relay.socket.sends({"type": "text", "token": "."})
    exchange.time_passes(2)
    assert ada.heard() == ["Life is complex."]  # the rest may go on
    relay.socket.sends({"type": "text", "token": "", "last": True})
    ada.hears("Life is complex.", "It is long.")


def test_a_greeting_is_said_before_the_app_says_anything(relay, ada):
    relay.starts(welcomeGreeting="Welcome!", ttsLanguage="en-GB", voice="Amy-Neural")
    ada.hears("Welcome!")
    item = ada.call()["heard"][0]
    assert (item["language"], item["voice"]) == ("en-GB", "Amy-Neural")


def test_keys_are_reported_only_with_dtmf_detection(relay, ada):
    relay.starts(dtmfDetection="true")
    ada.presses("12")
    relay.socket.gets("dtmf", times=2)
    assert relay.socket.of("dtmf") == [{"type": "dtmf", "digit": digit} for digit in "12"]
    relay.socket.sends({"type": "config", "dtmfDetection": False})
    relay.socket.gets("info")
    ada.presses("3", wait=0)
    ada.speaks("hello")
    relay.socket.gets("prompt")
    assert len(relay.socket.of("dtmf")) == 2


def test_the_app_hands_the_call_off_when_it_ends_the_session(relay, ada, exchange):
    setup = relay.starts()
    exchange.time_passes(3)
    relay.ends(handoffData='{"reason": "human"}')
    result = relay.result()
    assert result["SessionId"] == setup["sessionId"]
    assert result["SessionStatus"] == "ended"
    assert result["SessionDuration"] == "3"
    assert result["HandoffData"] == '{"reason": "human"}'
    assert result["CallStatus"] == "in-progress"
    assert "ErrorCode" not in result
    assert relay.socket.is_closed()[0] == 1000
    ada.is_left_with("completed")


def test_what_was_sent_before_the_end_is_said_to_the_end(relay, ada, exchange):
    relay.starts()
    relay.says("Goodbye, and thank you.")
    relay.ends()
    exchange.time_passes(1)
    assert not relay.app.at("/after")
    exchange.time_passes(1)
    assert relay.result()["SessionStatus"] == "ended"
    assert not ada.call()["heard"][0]["interrupted"]


def test_a_caller_who_hangs_up_completes_the_session(relay, ada):
    relay.starts()
    relay.says("Hello there.")
    ada.hangs_up()
    result = relay.result()
    assert (result["SessionStatus"], result["CallStatus"]) == ("completed", "completed")
    relay.socket.is_closed()


def test_a_caller_who_hangs_up_during_the_handshake_completes_the_session(relay, app, ada, exchange):
    exchange.post("/faults", {"kind": "socket-slow", "seconds": 10})
    noun = f'<ConversationRelay url="{relay.url}"/>'
    app.answers["/voice"] = f'<Response><Connect action="/after">{noun}</Connect></Response>'
    ada.dials()
    ada.is_left_with("in-progress")
    ada.hangs_up()
    assert relay.result()["SessionStatus"] == "completed"
    assert not relay.socket.handshakes


def test_a_live_update_ends_the_session_without_its_action(relay, app, ada, client):
    relay.starts()
    relay.says("Hello there.")
    client.calls(ada.sid).update(twiml="<Response><Say>A person takes over.</Say></Response>")
    ada.hears("Hello there.", "A person takes over.")
    relay.socket.is_closed()
    assert not app.at("/after")


def test_the_next_verb_runs_if_connect_has_no_action(relay, ada, app):
    noun = f'<ConversationRelay url="{relay.url}"/>'
    app.answers["/voice"] = f"<Response><Connect>{noun}</Connect><Say>Back.</Say></Response>"
    ada.dials()
    relay.socket.gets("setup")
    relay.ends()
    ada.hears("Back.")


def test_the_app_plays_media_and_sends_digits_in_order(relay, ada, exchange, app):
    app.answers["/beep.wav"] = lambda asked: web.Response(body=wav.to_wav(bytes(16_000)), content_type="audio/wav")
    relay.starts()
    relay.socket.sends({"type": "text", "token": "Listen"})
    relay.socket.sends({"type": "play", "source": f"{app.origin}/beep.wav", "loop": 2})
    relay.socket.sends({"type": "sendDigits", "digits": "1w#"})
    ada.hears("Listen")
    for verb, count in (("Play", 1), ("Play", 2), ("Tones", 1)):
        exchange.time_passes(1.1)
        ada.hears_items(verb, count)
    assert [item["verb"] for item in ada.call()["heard"]] == ["Say", "Play", "Play", "Tones"]


def test_a_language_message_changes_later_speech_and_prompts(relay, ada, exchange):
    relay.starts('<Language code="es-ES" voice="Lucia-Neural"/>')
    relay.says("One.")
    relay.socket.sends({"type": "language", "ttsLanguage": "es-ES", "transcriptionLanguage": "fr-FR"})
    exchange.time_passes(1)
    relay.says("Dos.")
    ada.hears("One.", "Dos.")
    exchange.time_passes(1)
    ada.speaks("oui")
    assert relay.socket.gets("prompt")["lang"] == "fr-FR"
    items = ada.call()["heard"]
    assert [(item["language"], item["voice"]) for item in items] == [("en-US", ""), ("es-ES", "Lucia-Neural")]


def test_one_answer_can_be_in_another_language(relay, ada):
    relay.starts()
    relay.says("Bonjour.", lang="fr-FR")
    assert ada.call()["heard"][0]["language"] == "fr-FR"


def test_a_detected_language_is_reported_by_its_primary_tag(relay, ada):
    relay.starts(transcriptionLanguage="multi")
    ada.speaks("hello")
    assert relay.socket.gets("prompt")["lang"] == "en"


def test_partial_prompts_come_before_the_whole_one(relay, ada, exchange):
    relay.starts(partialPrompts="true")
    ada.speaks("one two three")
    exchange.time_passes(2)
    relay.socket.gets("prompt", times=3)
    prompts = [(message["voicePrompt"], message["last"]) for message in relay.socket.of("prompt")]
    assert prompts == [("one", False), ("one two", False), ("one two three", True)]


def test_info_messages_tell_who_speaks_and_what_was_played(relay, ada, exchange):
    relay.starts(events="speaker-events tokens-played")
    relay.says("One. Two.")
    exchange.time_passes(1)
    exchange.time_passes(1)
    ada.speaks("three")
    relay.socket.gets("prompt")
    relay.socket.gets("info", times=6)
    infos = [(message["name"], message["value"]) for message in relay.socket.of("info")]
    assert infos == [
        ("agentSpeaking", "on"),
        ("tokensPlayed", "One."),
        ("tokensPlayed", "Two."),
        ("agentSpeaking", "off"),
        ("clientSpeaking", "on"),
        ("clientSpeaking", "off"),
    ]


def test_an_app_that_is_debugged_learns_how_long_it_took(relay, ada, exchange):
    relay.starts(debug="debugging")
    ada.speaks("hello")
    relay.socket.gets("prompt")
    exchange.time_passes(1.5)
    relay.says("Hi.")
    assert relay.socket.gets("info") == {"type": "info", "name": "roundTripDelayMs", "value": 1500}
    relay.says("And more.")
    assert len(relay.socket.of("info")) == 1


def test_ssml_is_not_read_aloud(relay, ada):
    relay.starts()
    relay.says('<speak>Hello <break time="1s"/>there.</speak>')
    ada.hears("Hello there.")


def test_the_sequence_diagram_shows_the_conversation(relay, ada, exchange):
    relay.starts(dtmfDetection="true")
    ada.speaks("hi")
    relay.socket.gets("prompt")
    relay.socket.sends({"type": "text", "token": "Hello"})
    relay.says(" there.")
    words = [step["words"] for step in exchange.get(f"/calls/{ada.sid}")["steps"]]
    for expected in ["GET /agent · relay", "prompt hi", "text “Hello there.”", "ConversationRelay: keys or speech"]:
        assert expected in words
    assert any(step.startswith("101 · ") for step in words)


def test_a_second_call_gets_a_session_of_its_own(relay, ada, ben, app, loop):
    first = relay.starts()["sessionId"]
    other = AppWebSocket(loop)
    app.answers["/agent"] = other.accept
    ben.dials()
    assert other.gets("setup")["sessionId"] != first
