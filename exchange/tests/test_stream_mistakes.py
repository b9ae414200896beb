"""Each mistake of an app with a media stream has an entry in the debugger that names it."""

import asyncio
import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.sound import mulaw
from ringback.sound.synthetic_speech import synthesize
from ringback.streams.audio_format_check import LINEAR, ZEROS, mistake_in
from ringback.streams.messages_from_app import (
    AppClear,
    AppMark,
    AppMedia,
    InvalidStreamMessage,
    read_message,
)


def encoded(audio):
    return base64.b64encode(audio).decode()


def test_an_invalid_message_is_named_and_the_stream_goes_on(call, agent, exchange):
    sid = agent.sid
    mistakes = {
        "not JSON": "hello",
        "not a JSON object": "[1]",
        "binary frame": b"\xff" * 160,
        "'hangup' is unknown": {"event": "hangup", "streamSid": sid},
        "streamSid is missing": {"event": "clear"},
        "streamSid is 'MZ1'": {"event": "clear", "streamSid": "MZ1"},
        "media is text, not an object": {"event": "media", "streamSid": sid, "media": "abc"},
        "media.payload is a list": {"event": "media", "streamSid": sid, "media": {"payload": [255]}},
        "not base64": {"event": "media", "streamSid": sid, "media": {"payload": "%"}},
        "mark.name is a number": {"event": "mark", "streamSid": sid, "mark": {"name": 7}},
        "is a WAV file": {"event": "media", "streamSid": sid, "media": {"payload": encoded(b"RIFF1234")}},
    }
    for message in (*mistakes.values(), "again"):  # each is named once
        agent.sends(message)
    agent.marks("still here")
    assert agent.gets("mark")["mark"] == {"name": "still here"}
    alerts = [alert["message"] for alert in exchange.get("/debugger")["alerts"] if alert["code"] == 31951]
    assert len(alerts) == len(mistakes)
    assert all(words in alert for words, alert in zip(mistakes, alerts, strict=True))


@pytest.mark.parametrize(
    ("audio", "named"), [(synthesize("good morning everybody"), "16-bit linear PCM"), (bytes(8000), "send 0xFF")]
)
def test_audio_that_is_not_mu_law_is_named(call, agent, exchange, audio, named):
    agent.sends_audio(audio)
    assert named in exchange.warns(31951)["message"]


def test_a_url_with_a_query_is_named(app, agent, ada, exchange):
    app.answers["/voice"] = f'<Response><Connect><Stream url="{agent.url}?a=1"/></Connect></Response>'
    ada.dials()
    assert "query string" in exchange.warns(31920)["message"]
    ada.is_left_with("completed")


def test_an_attribute_without_effect_is_named(app, agent, ada, exchange):
    app.answers["/voice"] = (
        f'<Response><Start><Stream url="{agent.url}" track="left" statusCallbackMethod="PUT"/></Start>'
        f'<Connect><Stream url="{agent.url}" track="both_tracks"/></Connect></Response>'
    )
    ada.dials()
    starts = [agent.gets("start", number)["start"]["tracks"] for number in (1, 2)]
    assert starts == [["inbound"], ["inbound"]]
    alerts = " ".join(alert["message"] for alert in exchange.get("/debugger")["alerts"])
    for named in ("track must be one of", "statusCallbackMethod cannot be PUT", "track can only be inbound_track"):
        assert named in alerts


def test_a_parameter_that_is_too_long_is_left_out(app, agent, ada, exchange):
    parameters = f'<Parameter name="a" value="{"x" * 498}"/><Parameter name="bb" value="{"x" * 498}"/>'
    app.answers["/voice"] = f'<Response><Connect><Stream url="{agent.url}">{parameters}</Stream></Connect></Response>'
    ada.dials()
    assert list(agent.gets("start")["start"]["customParameters"]) == ["a"]
    assert "'bb' is left out" in exchange.warns(12200)["message"]


def test_an_app_that_does_not_read_loses_its_connection(call, agent, exchange):
    async def blocks(text):
        """As if the buffers on the way to the app, which hold minutes of frames, were full."""
        await asyncio.Event().wait()

    exchange.state.streams[agent.sid].socket.send_text = blocks
    exchange.time_passes(21)
    assert "does not read" in exchange.warns(31951)["message"]
    call.hears("Bye")


VALUES = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2) | st.just({"name": 1})


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["media", "mark", "clear", "stop"]),
    st.dictionaries(st.sampled_from(["event", "streamSid", "media", "mark"]), VALUES),
)
def test_any_message_is_read_or_named(event, message):
    try:
        read = read_message(json.dumps({"event": event, "streamSid": "MZ1"} | message), "MZ1")
        assert isinstance(read, AppMedia | AppMark | AppClear)
    except InvalidStreamMessage as error:
        assert error.kind


def test_speech_is_told_from_mu_law():
    speech = synthesize("the quick brown fox jumps over the lazy dog")
    assert mistake_in(speech) == LINEAR
    assert mistake_in(mulaw.encode(speech)) == ""
    assert mistake_in(bytes(4000)) == ZEROS
