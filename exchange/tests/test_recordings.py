"""A caller leaves a message after the tone."""

import io
import json
import wave

import pytest
from aiohttp import web

from ringback.sound import wav
from support.exchange import NUMBER

RECORD = '<Response><Record action="/kept" recordingStatusCallback="/status" {}/><Say>Nothing</Say></Response>'


@pytest.fixture
def voicemail(app):
    app.answers["/voice"] = RECORD.format("")
    app.answers["/kept"] = lambda asked: f"<Response><Say>{asked['RecordingDuration']} seconds</Say></Response>"
    app.answers["/status"] = web.Response(status=204)
    return app


def sound_at(exchange, url):
    status, body, headers = exchange.request("GET", url.removeprefix(exchange.origin))
    assert (status, headers["Content-Type"]) == (200, "audio/x-wav")
    return wave.open(io.BytesIO(body))


def test_speech_after_the_tone_is_recorded(voicemail, exchange, ada):
    ada.dials()
    ada.speaks("please call me back tomorrow morning")
    ada.presses("#")
    asked = voicemail.was_asked("/kept")[0]
    assert asked["Digits"] == "#"
    assert asked["RecordingSid"].startswith("RE")
    with sound_at(exchange, asked["RecordingUrl"]) as sound, sound_at(exchange, asked["RecordingUrl"] + ".wav") as same:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
        assert abs(sound.getnframes() / 8000 - int(asked["RecordingDuration"])) <= 0.5
        assert same.getnframes() == sound.getnframes()
        assert len(set(sound.readframes(8000))) > 50
    ada.hears(f"{asked['RecordingDuration']} seconds")
    assert ada.call()["heard"][0]["verb"] == "Beep"


def test_recording_status_callback_follows_the_action(voicemail, exchange, ada):
    ada.dials()
    ada.speaks("hello")
    ada.presses("1")
    told = voicemail.was_asked("/status")[0]
    assert told["RecordingStatus"] == "completed"
    assert told["RecordingSource"] == "RecordVerb"
    assert told["RecordingSid"] == voicemail.at("/kept")[0]["RecordingSid"]
    assert told["ErrorCode"] == "0"
    assert told["RecordingTrack"] == "both"
    assert told.get("From") is None
    assert [asked.path for asked in voicemail.asked].index("/kept") < [a.path for a in voicemail.asked].index("/status")


def test_silence_ends_the_recording(voicemail, exchange, ada):
    ada.dials()
    ada.speaks("hello")
    ada.listens_for("record")
    exchange.time_passes(5)
    assert voicemail.was_asked("/kept")[0]["Digits"] == ""


def test_hanging_up_ends_the_recording_and_the_app_gets_it(voicemail, ada):
    ada.dials()
    ada.speaks("hello")
    ada.hangs_up()
    asked = voicemail.was_asked("/kept")[0]
    assert (asked["Digits"], asked["CallStatus"]) == ("hangup", "completed")
    voicemail.was_asked("/status")
    voicemail.was_asked("/done")


def test_maximum_length_ends_the_recording(voicemail, exchange, ada):
    voicemail.answers["/voice"] = RECORD.format('maxLength="10" timeout="0"')
    ada.dials()
    ada.speaks("hello")
    ada.listens_for("record")
    exchange.time_passes(10)
    assert voicemail.was_asked("/kept")[0]["Digits"] == ""


@pytest.mark.parametrize(("trim", "seconds"), [("trim-silence", 1), ("do-not-trim", 9)])
def test_silence_is_trimmed_unless_disabled(voicemail, exchange, ada, trim, seconds):
    voicemail.answers["/voice"] = RECORD.format(f'trim="{trim}" timeout="0"')
    ada.dials()
    ada.listens_for("record")
    exchange.time_passes(4)
    ada.speaks("hello there")
    exchange.time_passes(4)
    ada.presses("#")
    assert int(voicemail.was_asked("/kept")[0]["RecordingDuration"]) == pytest.approx(seconds, abs=1)


def test_empty_recording_continues_the_document(voicemail, ada):
    ada.dials()
    ada.presses("#")
    ada.hears("Nothing")
    assert voicemail.at("/kept") == []
    assert voicemail.was_asked("/status")[0]["RecordingStatus"] == "absent"


@pytest.mark.parametrize("ended_by", ["timeout", "maxLength", "key", "silent microphone"])
def test_recording_of_silence_is_not_stored_and_requests_no_action(voicemail, exchange, client, ada, ended_by):
    options = 'maxLength="3" timeout="0"' if ended_by == "maxLength" else 'timeout="2"'
    voicemail.answers["/voice"] = RECORD.format(options)
    ada.dials()
    ada.listens_for("record")
    if ended_by == "silent microphone":
        silence = wav.wav_header(16_000, 1) + bytes(16_000)
        exchange.request("POST", f"{ada.door}/calls/{ada.sid}/audio", silence, Content_Type="audio/wav")
    if ended_by == "key":
        exchange.time_passes(1)
        ada.presses("#")
    exchange.time_passes(3)
    ada.hears("Nothing")
    assert voicemail.at("/kept") == []
    exchange.warns(16102)
    assert client.recordings.list() == []
    assert voicemail.was_asked("/status")[0]["RecordingStatus"] == "absent"


def test_only_the_finish_keys_end_the_recording(voicemail, ada):
    voicemail.answers["/voice"] = RECORD.format('finishOnKey="*"')
    ada.dials()
    ada.speaks("one")
    ada.presses("1")
    ada.speaks("two")
    ada.presses("*")
    assert voicemail.was_asked("/kept")[0]["Digits"] == "*"


def test_recording_is_transcribed(voicemail, exchange, client, ada):
    voicemail.answers["/voice"] = (
        '<Response><Record action="/kept" transcribe="true" transcribeCallback="/words"/></Response>'
    )
    voicemail.answers["/words"] = ""
    ada.dials()
    ada.speaks("call me back")
    ada.presses("#")
    told = voicemail.was_asked("/words")[0]
    assert (told["TranscriptionText"], told["TranscriptionStatus"]) == ("call me back", "completed")
    assert told["RecordingSid"] == voicemail.at("/kept")[0]["RecordingSid"]
    assert told["From"] == ada.number
    (transcription,) = client.transcriptions.list()
    assert transcription.transcription_text == "call me back"
    assert transcription.delete() is True
    assert client.transcriptions.list() == []


def test_microphone_can_be_used_instead_of_typing(voicemail, exchange, ada):
    ada.dials()
    ada.listens_for("record")
    beep = wav.to_wav(wav.beep(2.0))
    door = f"{ada.door}/calls/{ada.sid}/audio"
    assert exchange.request("POST", door, beep, Content_Type="audio/wav")[0] == 200
    assert exchange.request("POST", door, b"RIFF????", Content_Type="audio/wav")[0] == 400
    status, body, _ = exchange.request("POST", door, beep[:30], Content_Type="audio/wav")
    assert (status, json.loads(body)) == (400, {"error": "Send a PCM WAV file (this one is not complete)"})
    ada.presses("#")
    assert voicemail.was_asked("/kept")[0]["RecordingDuration"] == "2"


def test_live_audio_is_not_counted_twice(voicemail, exchange, ada):
    voicemail.answers["/voice"] = RECORD.format('trim="do-not-trim" timeout="0"')
    ada.dials()
    ada.listens_for("record")
    beep = wav.to_wav(wav.beep(2.0))
    for pause in (2, 2, 5):
        exchange.time_passes(pause)
        exchange.request("POST", f"{ada.door}/calls/{ada.sid}/audio", beep, Content_Type="audio/wav")
    ada.presses("#")
    assert int(voicemail.was_asked("/kept")[0]["RecordingDuration"]) == pytest.approx(9, abs=1)


def test_whole_call_can_be_recorded(app, exchange, ada):
    app.answers["/sound"] = ""
    exchange.person("1").behaves("answers")
    status = {"status_callback": f"{app.origin}/done", "recording_status_callback": f"{app.origin}/sound"}
    twiml = "<Response><Pause length='600'/></Response>"
    made = exchange.client().calls.create(to=ada.number, from_=NUMBER, twiml=twiml, record=True, **status)
    ada.sid = made.sid
    ada.is_left_with("in-progress")
    exchange.time_passes(4)
    ada.speaks("please call me back", wait=0)
    exchange.time_passes(4)
    ada.hangs_up()
    told, done = app.was_asked("/sound")[0], app.was_asked("/done")[0]
    assert (told["RecordingSource"], told["RecordingStatus"], told["CallSid"]) == ("OutboundAPI", "completed", made.sid)
    assert 1 <= int(told["RecordingDuration"]) <= 3
    assert done["RecordingUrl"] == told["RecordingUrl"]
    with sound_at(exchange, told["RecordingUrl"]) as sound:
        assert sound.getnframes() > 0


def test_recordings_can_be_listed_fetched_and_deleted(voicemail, exchange, ada):
    client = exchange.client()
    ada.dials()
    ada.speaks("hello")
    ada.presses("#")
    asked = voicemail.was_asked("/kept")[0]
    (found,) = client.recordings.list()
    assert (found.sid, found.call_sid, found.source) == (asked["RecordingSid"], ada.sid, "RecordVerb")
    assert found.duration == asked["RecordingDuration"]
    assert found.media_url == asked["RecordingUrl"]
    assert [kept.sid for kept in client.calls(ada.sid).recordings.list()] == [found.sid]
    assert client.recordings(found.sid).delete() is True
    assert client.recordings.list() == []
    assert exchange.request("GET", asked["RecordingUrl"].removeprefix(exchange.origin))[0] == 404


def test_played_audio_is_fetched_and_takes_its_time(app, exchange, ada):
    app.answers["/hello.wav"] = lambda asked: web.Response(body=wav.to_wav(wav.beep(1.5)), content_type="audio/wav")
    app.answers["/voice"] = (
        "<Response><Play>/hello.wav</Play><Play>/gone.mp3</Play><Play>/voice</Play><Say>End</Say></Response>"
    )
    ada.dials()
    ada.hears("End")
    played = [item for item in ada.call()["heard"] if item["verb"] == "Play"]
    assert played[0]["seconds"] == 1.5
    assert exchange.request("GET", played[0]["url"])[0] == 200
    assert played[1]["url"] is None
    assert "CallSid" not in app.at("/hello.wav")[0].all()
    exchange.warns(11200)
    exchange.warns(13420)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_audio_of_any_sample_rate_keeps_its_length(rate):
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(bytes(4 * rate))
    assert wav.duration_seconds(wav.from_wav(out.getvalue())) == pytest.approx(1, abs=0.001)


def test_failed_action_after_a_hangup_is_reported(app, exchange, ada):
    app.answers["/voice"] = '<Response><Record action="/broken"/></Response>'
    ada.dials()
    ada.speaks("Hello")
    ada.hangs_up()
    assert exchange.warns(11217)["sid"] == ada.sid


def test_skipped_pause_is_left_out_even_if_the_call_ends_during_it(app, exchange, client, ada):
    app.answers["/voice"] = "<Response><Pause length='300'/></Response>"
    ada.dials()
    ada.is_left_with("in-progress")
    recordings = client.calls(ada.sid).recordings
    sid = recordings.create(trim="do-not-trim").sid
    exchange.time_passes(5)
    recordings(sid).update(status="paused", pause_behavior="skip")
    exchange.time_passes(60)
    ada.hangs_up()
    ada.is_left_with("completed")
    assert int(client.recordings(sid).fetch().duration) < 60


@pytest.mark.parametrize("extension", ["", ".wav", ".mp3"])
def test_recording_of_a_call_that_ended_at_once_can_be_downloaded(exchange, client, ada, extension):
    call = client.calls.create(to=ada.number, from_=NUMBER, record=True, twiml="<Response/>")
    ada.answers()
    ada.is_left_with("completed")
    (recording,) = client.recordings.list(call_sid=call.sid)
    assert (recording.status, recording.duration) == ("absent", "0")
    assert exchange.request("GET", recording.uri.removesuffix(".json") + extension)[0] == 200
