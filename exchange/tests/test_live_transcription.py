"""Real-time transcription: the app gets what is said in a call, while it is said."""

import json

import pytest
from twilio.base.exceptions import TwilioRestException

from ringback.testing.waiting import eventually

START = '<Start><Transcription statusCallbackUrl="/heard" {}/></Start>'
PAUSE = '<Pause length="60"/>'


@pytest.fixture
def listener(app):
    app.answers["/heard"] = ""
    return app


def events(app, name, times=1):
    """Waits for this many events of this name, and returns them in the order of their SequenceId."""

    def found():
        told = [asked for asked in app.at("/heard") if asked["TranscriptionEvent"] == f"transcription-{name}"]
        return sorted(told, key=lambda asked: int(asked["SequenceId"])) if len(told) >= times else []

    return eventually(found, lambda: f"{times} of {name}, not {[asked.all() for asked in app.at('/heard')]}")


def transcripts(told):
    return [(asked["Track"], json.loads(asked["TranscriptionData"])["transcript"], asked["Final"]) for asked in told]


def test_app_gets_both_sides_of_the_call(listener, exchange, ada):
    started = START.format('inboundTrackLabel="caller"')
    listener.answers["/voice"] = f"<Response>{started}<Say>How are you?</Say>{PAUSE}</Response>"
    ada.dials()
    ada.hears("How are you?")
    ada.speaks("Fine", wait=0)
    told = events(listener, "content", 2)
    assert transcripts(told) == [("outbound_track", "How are you?", "true"), ("inbound_track", "Fine", "true")]
    assert json.loads(told[0]["TranscriptionData"])["confidence"] == 0.9
    ada.hangs_up()
    stopped, start = events(listener, "stopped")[0], events(listener, "started")[0]
    assert stopped["SequenceId"] == "4"
    assert stopped["TranscriptionSid"] == start["TranscriptionSid"]
    assert (start["Track"], start["InboundTrackLabel"], start["TranscriptionEngine"]) == (
        "both_tracks",
        "caller",
        "google",
    )
    assert json.loads(start["ProviderConfiguration"])["speechModel"] == "telephony"
    assert exchange.alerts() == []


def test_app_gets_partial_results_if_it_wants_them(listener, ada):
    started = START.format('partialResults="true" track="inbound_track"')
    listener.answers["/voice"] = f"<Response>{started}<Say>Hello</Say>{PAUSE}</Response>"
    ada.dials()
    ada.hears("Hello")
    ada.speaks("two pizzas", wait=0)
    assert transcripts(events(listener, "content", 3)) == [
        ("inbound_track", "two", "false"),
        ("inbound_track", "two pizzas", "false"),
        ("inbound_track", "two pizzas", "true"),
    ]


@pytest.mark.parametrize("options", [{"pace": 1.0}], ids=["real time"])
def test_only_what_was_heard_of_interrupted_speech_is_transcribed(listener, exchange, ada):
    gather = "<Gather><Say>Press a key now or wait for a very long time</Say></Gather>"
    listener.answers["/voice"] = lambda asked: f"<Response>{START.format('')}{gather}</Response>"
    ada.dials()
    ada.listens_for("gather")
    exchange.time_passes(1)
    ada.presses("1")
    assert transcripts(events(listener, "content")) == [("outbound_track", "Press a key", "true")]


def test_stop_ends_the_named_transcription_only(listener, ada):
    both = START.format('name="one"') + START.format('name="two"')
    stop = '<Stop><Transcription name="one"/></Stop>'
    listener.answers["/voice"] = f"<Response>{both}{stop}<Say>Hello</Say>{PAUSE}</Response>"
    ada.dials()
    assert len(events(listener, "stopped")) == 1
    assert len(events(listener, "content")) == 1


def test_rest_api_starts_and_stops_a_transcription(listener, client, ada):
    listener.answers["/voice"] = f"<Response><Say>Hello</Say>{PAUSE}</Response>"
    ada.dials()
    ada.hears("Hello")
    started = client.calls(ada.sid).transcriptions.create(name="notes", status_callback_url=f"{listener.origin}/heard")
    assert (started.status, started.name, started.sid[:2]) == ("in-progress", "notes", "GT")
    assert client.calls(ada.sid).transcriptions("notes").update("stopped").status == "stopped"
    events(listener, "stopped")
    with pytest.raises(TwilioRestException, match="was not found"):
        client.calls(ada.sid).transcriptions(started.sid).update("stopped")
    ada.hangs_up()
    with pytest.raises(TwilioRestException) as refused:
        client.calls(ada.sid).transcriptions.create()
    assert refused.value.code == 21220


@pytest.mark.parametrize("mistake", ['transcriptionEngine="parrot"', 'track="b_side"', 'partialResults="often"'])
def test_app_is_told_of_a_wrong_configuration_and_the_call_continues(listener, exchange, ada, mistake):
    listener.answers["/voice"] = f"<Response>{START.format(mistake)}<Say>Hello</Say></Response>"
    ada.dials()
    ada.hears("Hello")
    exchange.warns(32650)
    assert events(listener, "error")[0]["TranscriptionErrorCode"] == "32650"


def test_app_is_told_that_the_recognition_failed(listener, exchange, ada):
    exchange.post("/faults", {"kind": "transcription-fails"})
    listener.answers["/voice"] = f"<Response>{START.format('')}<Say>Hello</Say>{PAUSE}</Response>"
    ada.dials()
    assert events(listener, "error")[0]["TranscriptionErrorCode"] == "32651"
    exchange.warns(32651)


@pytest.mark.parametrize("name", ["Pay", "Prompt", "Start><Siprec/></Start><Pay"])
def test_what_cannot_be_emulated_is_named_with_the_reason(app, exchange, ada, name):
    app.answers["/voice"] = f"<Response><{name}/><Say>Next</Say></Response>"
    ada.dials()
    ada.hears("Next")
    assert "does not support it and skips it: there is no" in exchange.warns(12200)["message"]
