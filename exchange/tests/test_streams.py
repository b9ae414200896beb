"""Two-way media streams: an app hears the caller over a WebSocket, and the caller hears the app."""

import base64
import io
import urllib.request
import wave

import pytest
from twilio.request_validator import RequestValidator

from ringback.sound import mulaw, wav
from ringback.sound.synthetic_speech import synthesize
from ringback.streams.track_audio import TrackAudio
from ringback.testing.json_api import Connection
from ringback.testing.phone_call import PhoneCall
from ringback.testing.waiting import LIMIT_SECONDS, eventually
from support.exchange import SID, TOKEN


def test_the_app_is_told_who_calls_before_the_audio(app, agent, ada, exchange):
    app.answers["/voice"] = (
        f'<Response><Connect><Stream url="{agent.url}" name="talk">'
        '<Parameter name="FirstName" value="Ada"/></Stream></Connect></Response>'
    )
    ada.dials()
    start = agent.gets("start")
    assert agent.received[0] == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start == {
        "event": "start",
        "sequenceNumber": "1",
        "start": {
            "accountSid": SID,
            "streamSid": start["streamSid"],
            "callSid": ada.sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"FirstName": "Ada"},
        },
        "streamSid": start["streamSid"],
    }
    headers = agent.handshakes[0].headers
    assert RequestValidator(TOKEN).validate(agent.url, {}, headers["x-twilio-signature"])


def test_silence_flows_in_frames_of_20_ms_that_are_numbered_as_text(call, agent, exchange):
    exchange.time_passes(0.1)
    frames = [agent.gets("media", number) for number in range(1, 6)]
    assert [frame["sequenceNumber"] for frame in frames] == ["2", "3", "4", "5", "6"]
    assert [frame["media"]["chunk"] for frame in frames] == ["1", "2", "3", "4", "5"]
    assert [frame["media"]["timestamp"] for frame in frames] == ["0", "20", "40", "60", "80"]
    assert {frame["media"]["track"] for frame in frames} == {"inbound"}
    assert agent.audio() == mulaw.SILENCE * 800


def test_typed_words_are_heard_as_a_speech_like_sound(call, agent, exchange):
    call.speaks("good morning")
    exchange.time_passes(1)
    agent.gets("media", 50)
    spoken = mulaw.encode(synthesize("good morning"))
    assert agent.audio()[: len(spoken)] == spoken
    assert set(agent.audio()[len(spoken) :]) == set(mulaw.SILENCE)


def test_a_wav_file_that_a_script_posts_is_heard(call, agent, exchange):
    sound = wav.beep(0.5)
    path = f"{call.door}/calls/{call.sid}/audio"
    assert exchange.request("POST", path, wav.to_wav(sound), Content_Type="audio/wav")[0] == 200
    exchange.time_passes(0.5)
    agent.gets("media", 25)
    assert agent.audio() == mulaw.encode(sound)


def test_a_key_is_sent_as_dtmf(call, agent):
    call.presses("7#")
    assert agent.gets("dtmf", 2) == {
        "event": "dtmf",
        "streamSid": agent.sid,
        "sequenceNumber": "3",
        "dtmf": {"track": "inbound_track", "digit": "#"},
    }


def test_the_call_goes_on_when_the_app_closes_the_socket(call, agent):
    agent.closes()
    call.hears("Bye")
    call.is_left_with("completed")


def test_the_action_is_requested_when_the_app_closes_the_socket(app, agent, ada):
    app.answers["/voice"] = (
        f'<Response><Connect action="/next"><Stream url="{agent.url}"/></Connect><Say>No</Say></Response>'
    )
    app.answers["/next"] = "<Response><Say>Next</Say></Response>"
    ada.dials()
    agent.closes()
    ada.hears("Next")


def test_the_app_is_told_when_the_caller_hangs_up(call, agent):
    call.hangs_up()
    assert agent.gets("stop") == {
        "event": "stop",
        "sequenceNumber": "2",
        "stop": {"accountSid": SID, "callSid": call.sid},
        "streamSid": agent.sid,
    }
    assert agent.is_closed() == (1000, "")


def test_a_live_update_ends_the_stream(call, agent, client):
    client.calls(call.sid).update(twiml="<Response><Say>Instead</Say></Response>")
    assert agent.gets("stop")
    call.hears("Instead")


def test_the_app_s_audio_is_heard_and_kept_as_wav_with_times(call, agent, exchange):
    agent.plays(2)
    item = eventually(lambda: call.call()["heard"])[0]
    assert (item["verb"], item["source"], item["ended"], item["seconds"]) == ("Audio", agent.url, None, None)
    exchange.time_passes(3)
    item = call.call()["heard"][0]
    assert (item["seconds"], item["interrupted"]) == (2.0, False)
    with urllib.request.urlopen(exchange.origin + item["url"]) as answer, wave.open(io.BytesIO(answer.read())) as heard:
        assert (heard.getframerate(), heard.getsampwidth(), heard.getnchannels()) == (8000, 2, 1)
        assert len(mulaw.encode(heard.readframes(99_999))) == 16_000


def test_audio_can_be_fetched_while_it_is_played(call, agent, exchange):
    agent.plays(2)
    item = eventually(lambda: call.call()["heard"])[0]
    with urllib.request.urlopen(exchange.origin + item["url"]) as answer:
        assert len(answer.read(44 + 32_000)) == 44 + 32_000
        exchange.time_passes(3)
        assert answer.read() == b""


def test_a_test_with_pytest_gets_the_sounds_and_the_marks(call, agent, exchange):
    agent.plays(2)
    agent.marks("done")
    agent.takes_everything()
    tested = PhoneCall(Connection(exchange.origin, LIMIT_SECONDS), call.number, call.sid)
    assert tested.heard == ["[Audio]"]
    exchange.time_passes(3)
    tested.returns_mark("done")
    (sound,) = tested.sounds
    assert (sound.seconds, sound.interrupted, len(sound.content())) == (2.0, False, 44 + 32_000)


def test_audio_with_short_gaps_is_one_stretch(call, agent, exchange):
    for _ in range(3):
        agent.plays(0.2)
        exchange.time_passes(0.3)
    exchange.time_passes(1)
    agent.plays(0.2)
    exchange.time_passes(1)
    assert [item["seconds"] for item in call.call()["heard"]] == [pytest.approx(0.8), 0.2]


def test_what_the_app_plays_is_in_the_recording(app, agent, ada, exchange, client):
    app.answers["/voice"] = (
        f'<Response><Start><Recording/></Start><Connect><Stream url="{agent.url}"/></Connect></Response>'
    )
    ada.dials()
    agent.plays(2)
    eventually(lambda: ada.call()["heard"])
    exchange.time_passes(3)
    ada.hangs_up()
    (recording,) = eventually(lambda: [each for each in client.recordings.list() if each.status == "completed"])
    assert recording.duration == "2"


def test_the_last_frame_of_a_sound_is_padded_with_silence():
    track = TrackAudio()
    track.add(wav.beep(0.03))
    frames = [base64.b64decode(track.next_payload()) for _ in range(3)]
    assert b"".join(frames) == mulaw.encode(wav.beep(0.03)).ljust(480, mulaw.SILENCE)


def test_lost_audio_makes_the_timestamps_jump_but_not_the_numbers(call, agent, exchange):
    exchange.time_passes(0.02)
    exchange.post("/faults", {"kind": "stream-jump", "seconds": 2})
    exchange.time_passes(0.02)
    assert agent.gets("media", 2)["media"] | {"payload": ""} == {
        "track": "inbound",
        "chunk": "2",
        "timestamp": "2020",
        "payload": "",
    }
