"""Dual-channel recordings, and the formats of recordings."""

import io
import wave
from array import array
from contextlib import contextmanager

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException

from ringback.sound import wav
from ringback.testing.waiting import eventually
from support.exchange import NUMBER

PARTY = '<Response><Dial action="/after" recordingStatusCallback="/kept" {}>+441632960002</Dial></Response>'


@pytest.fixture
def party(app, exchange, ada, ben):
    """Ada is put through to Ben; they greet each other and part. The parameters of the recording's callback."""
    app.answers["/after"] = app.answers["/kept"] = ""

    def talk(attributes, times=1):
        app.answers["/voice"] = PARTY.format(attributes)
        ada.dials()
        ben.answers()
        ada.speaks("Hello Ben")
        ben.hears("Hello Ben")
        exchange.time_passes(1)
        ben.speaks("Hello Ada, how are you today")
        ada.hears("Hello Ada, how are you today")
        ben.hangs_up()
        told = app.was_asked("/kept", times)
        return next(asked for asked in told if asked["RecordingStatus"] == "completed")

    return talk


def sound_at(exchange, url):
    """The samples of each channel."""
    status, body, headers = exchange.request("GET", url.removeprefix(exchange.origin))
    assert (status, headers["Content-Type"]) == (200, "audio/x-wav")
    with wave.open(io.BytesIO(body)) as sound:
        samples = array("h", sound.readframes(10**9))
        return [samples[n :: sound.getnchannels()] for n in range(sound.getnchannels())]


def spoken(side):
    """The interval in which there is sound, in tenths of a second."""
    loud = [n // 800 for n, sample in enumerate(side) if abs(sample) > 100]
    return (loud[0], loud[-1]) if loud else None


def test_each_party_has_a_channel(party, exchange):
    told = party('record="record-from-answer-dual"')
    assert told["RecordingChannels"] == "2"
    ada, ben = sound_at(exchange, told["RecordingUrl"])
    assert len(ada) == len(ben)
    assert spoken(ada)[0] == 0
    assert spoken(ada)[1] < spoken(ben)[0]
    (both,) = sound_at(exchange, told["RecordingUrl"] + ".wav?RequestedChannels=1")
    assert spoken(both) == (0, spoken(ben)[1])


def test_mono_recording_contains_both_parties(party, exchange):
    told = party('record="record-from-answer"')
    (both,) = sound_at(exchange, told["RecordingUrl"])
    assert told["RecordingChannels"] == "1"
    assert len(both) / 8000 == pytest.approx(3, abs=1)
    status, body, _ = exchange.request(
        "GET", told["RecordingUrl"].removeprefix(exchange.origin) + "?RequestedChannels=2"
    )
    assert (status, b"16113" in body) == (400, True)


@pytest.mark.parametrize(("track", "seconds"), [("inbound", 0.9), ("outbound", 2.2)])
def test_single_track_can_be_recorded(party, exchange, track, seconds):
    told = party(f'record="record-from-answer-dual" recordingTrack="{track}"')
    assert (told["RecordingTrack"], told["RecordingChannels"]) == (track, "1")
    (side,) = sound_at(exchange, told["RecordingUrl"])
    assert len(side) / 8000 == pytest.approx(seconds, abs=0.3)


def test_callback_can_report_the_start(party, app):
    party('record="record-from-answer" recordingStatusCallbackEvent="in-progress completed"', times=2)
    assert {asked["RecordingStatus"] for asked in app.at("/kept")} == {"in-progress", "completed"}


def test_recording_can_start_while_ringing(app, exchange, ada, ben):
    app.answers["/after"] = app.answers["/kept"] = ""
    app.answers["/voice"] = PARTY.format('record="record-from-ringing" trim="do-not-trim"')
    ada.dials()
    eventually(lambda: exchange.get(f"{ben.door}/calls")["calls"] != [])
    exchange.time_passes(7)
    ben.answers()
    ada.speaks("There you are")
    ben.hangs_up()
    assert 7 <= int(app.was_asked("/kept")[0]["RecordingDuration"]) <= 9


def test_invalid_record_attribute_is_reported_once(app, exchange, ada, ben):
    app.answers["/voice"] = PARTY.format('record="yes" recordingTrack="left"')
    ada.dials()
    ben.answers()
    ada.listens_for("talk")
    assert exchange.alerts().count(13217) == 1


def test_outgoing_call_is_recorded_from_both_ends(app, exchange, ada):
    ada.behaves("answers")
    twiml = "<Response><Say>Good morning, this is your bank</Say><Pause length='600'/></Response>"
    made = exchange.client().calls.create(
        to=ada.number, from_=NUMBER, twiml=twiml, record=True, recording_channels="dual"
    )
    ada.sid = made.sid
    ada.hears("Good morning, this is your bank")
    exchange.time_passes(1)
    ada.speaks("Who is this?", wait=0)
    ada.hangs_up()
    (recording,) = exchange.client().recordings.list(call_sid=made.sid)
    assert (recording.channels, recording.source) == (2, "OutboundAPI")
    person, app_says = sound_at(exchange, recording.media_url)
    assert spoken(app_says)[0] == 0
    assert spoken(app_says)[1] < spoken(person)[0]


def test_played_audio_is_on_the_other_channel(app, exchange, ada):
    ada.behaves("answers")
    app.answers["/tune.wav"] = lambda asked: web.Response(body=wav.to_wav(wav.beep(1.5)), content_type="audio/wav")
    twiml = f"<Response><Pause length='2'/><Play>{app.origin}/tune.wav</Play><Pause length='9'/></Response>"
    made = exchange.client().calls.create(
        to=ada.number, from_=NUMBER, twiml=twiml, record=True, recording_channels="dual"
    )
    ada.sid = made.sid
    ada.is_left_with("in-progress")
    exchange.time_passes(2)
    eventually(lambda: [item["verb"] for item in ada.call()["heard"]] == ["Pause", "Play", "Pause"])
    ada.hangs_up()
    (recording,) = exchange.client().recordings.list(call_sid=made.sid)
    person, played = sound_at(exchange, recording.media_url)
    assert (spoken(person), spoken(played)) == (None, (0, 14))


def test_recording_is_available_as_mp3(party, exchange):
    told = party('record="record-from-answer-dual"')
    status, body, headers = exchange.request("GET", told["RecordingUrl"].removeprefix(exchange.origin) + ".mp3")
    assert (status, headers["Content-Type"]) == (200, "audio/mpeg")
    assert mp3_seconds(body) == pytest.approx(float(told["RecordingDuration"]), abs=0.7)


def mp3_seconds(body):
    """How long it plays: every frame of it is read (ISO 13818-3, layer III, 16 kHz)."""
    rates = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    place, frames = 0, 0
    while place < len(body):
        assert (body[place], body[place + 1] & 0xFE) == (0xFF, 0xF2)
        assert (body[place + 2] >> 2) & 3 == 2
        padding = (body[place + 2] >> 1) & 1
        place += 72 * rates[body[place + 2] >> 4] * 1000 // 16000 + padding
        frames += 1
    assert place == len(body)
    return frames * 576 / 16000


@contextmanager
def refused(code):
    with pytest.raises(TwilioRestException) as caught:
        yield
    assert caught.value.code == code


def test_live_call_can_be_recorded_for_a_while(app, exchange, ada):
    app.answers["/kept"] = ""
    app.answers["/voice"] = "<Response><Pause length='600'/></Response>"
    ada.dials()
    ada.is_left_with("in-progress")
    recordings = exchange.client().calls(ada.sid).recordings
    made = recordings.create(
        recording_channels="dual", recording_status_callback=f"{app.origin}/kept", trim="do-not-trim"
    )
    assert (made.status, made.source, made.duration) == ("in-progress", "StartCallRecordingAPI", "-1")
    assert recordings.create().sid == made.sid
    with refused(20009):
        recordings(made.sid).delete()
    exchange.time_passes(3)
    assert recordings("Twilio.CURRENT").update(status="paused", pause_behavior="skip").status == "paused"
    exchange.time_passes(60)
    assert recordings(made.sid).update(status="in-progress").status == "in-progress"
    exchange.time_passes(4)
    assert recordings(made.sid).update(status="stopped").status == "completed"
    told = app.was_asked("/kept")[0]
    assert (told["RecordingDuration"], told["RecordingSid"]) == ("7", made.sid)
    with refused(21220):
        recordings(made.sid).update(status="paused")
    with refused(20404):
        recordings("RE" + "0" * 32).update(status="paused")
    with refused(20001):
        recordings.create(recording_track="left")


def test_ended_call_cannot_be_recorded(app, exchange, ada):
    app.answers["/voice"] = "<Response/>"
    ada.dials()
    ada.is_left_with("completed")
    with refused(21220):
        exchange.client().calls(ada.sid).recordings.create()


def test_start_records_in_the_background(app, exchange, ada):
    app.answers["/kept"] = ""
    app.answers["/voice"] = (
        '<Response><Start><Recording name="all" trim="do-not-trim" recordingStatusCallback="/kept"/></Start>'
        "<Say>This call is recorded</Say><Pause length='60'/>"
        '<Stop><Recording name="other"/></Stop><Pause length="30"/>'
        '<Stop><Recording name="all"/></Stop><Pause length="60"/></Response>'
    )
    ada.dials()
    ada.hears("This call is recorded")
    exchange.time_passes(1)
    ada.speaks("I do not mind", wait=0)
    assert app.at("/kept") == []
    exchange.time_passes(60)
    exchange.time_passes(30)
    told = app.was_asked("/kept")[0]
    assert int(told["RecordingDuration"]) >= 90
    assert (told["RecordingSource"], told["RecordingChannels"]) == ("StartCallRecordingTwiML", "2")
    person, app_says = sound_at(exchange, told["RecordingUrl"])
    assert spoken(app_says)[1] < spoken(person)[0]
    assert ada.call()["status"] == "in-progress"
    assert exchange.alerts() == []


def test_unsupported_nouns_of_start_are_reported(app, exchange, ada):
    app.answers["/voice"] = (
        '<Response><Start><Siprec name="a"/></Start><Stop><Siprec name="a"/></Stop><Say>Hello</Say></Response>'
    )
    ada.dials()
    ada.hears("Hello")
    assert "<Siprec> is valid TwiML, but Ringback does not support it" in exchange.warns(12200)["message"]
    assert exchange.alerts() == [12200, 12200]
