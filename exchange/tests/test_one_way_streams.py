"""One-way media streams: an app listens in while the document continues."""

import pytest
from twilio.base.exceptions import TwilioRestException

from ringback.sound import mulaw
from ringback.sound.synthetic_speech import synthesize
from ringback.testing.waiting import eventually

PAUSE = '<Pause length="60"/>'


@pytest.fixture
def starts(app, agent, ada):
    """Place a call whose document starts a stream, and wait for it."""

    def starts(attributes="", then=PAUSE, inside=""):
        app.answers["/voice"] = (
            f'<Response><Start><Stream url="{agent.url}" {attributes}>{inside}</Stream></Start>{then}</Response>'
        )
        ada.dials()
        return agent.gets("start")

    return starts


def test_the_document_goes_on_while_the_app_listens(starts, agent, ada, exchange):
    assert starts(then=f"<Say>Hello</Say>{PAUSE}")["start"]["tracks"] == ["inbound"]
    ada.hears("Hello")
    ada.speaks("good morning", wait=0)
    exchange.time_passes(1)
    agent.gets("media", 50)
    assert agent.audio().startswith(mulaw.encode(synthesize("good morning")))


def test_both_tracks_share_the_numbers_and_the_time(starts, agent, ada, exchange):
    assert starts('track="both_tracks"')["start"]["tracks"] == ["inbound", "outbound"]
    exchange.time_passes(0.04)
    agent.gets("media", 4)
    frames = [message["media"] for message in agent.of("media")]
    assert [(frame["track"], frame["chunk"], frame["timestamp"]) for frame in frames] == [
        ("inbound", "1", "0"),
        ("outbound", "2", "0"),
        ("inbound", "3", "20"),
        ("outbound", "4", "20"),
    ]


def test_the_outbound_track_has_what_the_caller_hears(starts, agent, exchange):
    starts('track="outbound_track"', then=f'<Pause length="1"/><Say>Welcome</Say>{PAUSE}')
    exchange.time_passes(2.5)
    agent.gets("media", 125)
    assert mulaw.encode(synthesize("Welcome")) in agent.audio("outbound")


def test_keys_are_not_sent(starts, agent, ada, exchange):
    starts()
    ada.presses("1", wait=0)
    exchange.time_passes(0.02)
    agent.gets("media")
    assert agent.of("dtmf") == []


def test_what_the_app_sends_is_ignored_and_named(starts, agent, exchange):
    starts()
    agent.marks("mine")
    agent.clears()
    assert "one-way" in exchange.warns(31951)["message"]
    exchange.time_passes(0.02)
    agent.gets("media")
    assert agent.returned() == []


def test_stop_ends_the_stream_with_that_name(starts, agent, ada, exchange):
    stop = '<Stop><Stream name="other"/></Stop><Stop><Stream name="spy"/></Stop>'
    starts('name="spy"', then=f'<Pause length="1"/>{stop}{PAUSE}')
    exchange.time_passes(1)
    agent.gets("stop")
    assert agent.is_closed()[0] == 1000
    assert "no one-way stream named 'other'" in exchange.warns(12200)["message"]
    assert ada.call()["status"] == "in-progress"


def test_the_stream_ends_with_the_call(starts, agent, ada):
    starts()
    ada.hangs_up()
    agent.gets("stop")


def test_a_failed_handshake_does_not_stop_the_document(app, agent, ada, exchange):
    app.answers["/voice"] = (
        '<Response><Start><Stream url="wss://127.0.0.1:1/x"/></Start><Say>Hello</Say><Pause length="9"/></Response>'
    )
    ada.dials()
    ada.hears("Hello")
    assert exchange.warns(31902)


def test_a_relative_url_belongs_to_the_document_s_host(app, agent, ada):
    app.answers["/voice"] = f'<Response><Start><Stream url="/stream"/></Start>{PAUSE}</Response>'
    ada.dials()
    assert agent.gets("start")


@pytest.mark.parametrize(
    ("streams", "named"),
    [
        ('<Stream name="a" url="{0}"/><Stream name="a" url="{0}"/>', "the name 'a' is taken"),
        ('<Stream track="both_tracks" url="{0}"/>' * 3, "at most 4 tracks"),
    ],
)
def test_a_stream_beyond_the_limits_is_named(app, agent, ada, exchange, streams, named):
    app.answers["/voice"] = f"<Response><Start>{streams.format(agent.url)}</Start>{PAUSE}</Response>"
    ada.dials()
    assert named in exchange.warns(12200)["message"]


def test_a_stream_hears_what_another_stream_plays(app, agent, ada, exchange):
    app.answers["/voice"] = (
        f'<Response><Start><Stream url="{agent.url}" track="outbound_track"/></Start>'
        f'<Connect><Stream url="{agent.url}"/></Connect></Response>'
    )
    ada.dials()
    start = agent.gets("start", 2)  # of the two-way stream, which was the last to connect
    payload = "gICA" * 80  # 240 bytes of 0x80
    agent.sends({"event": "media", "streamSid": start["streamSid"], "media": {"payload": payload}})
    eventually(lambda: ada.call()["heard"])
    exchange.time_passes(0.06)  # at least two frames of each stream, whose frames are not sent at the same time
    agent.gets("media", 4)
    assert agent.audio("outbound").startswith(b"\x80" * 240)


class TestRest:
    @pytest.fixture
    def talking(self, app, agent, ada):
        app.answers["/voice"] = f"<Response>{PAUSE}</Response>"
        ada.dials()
        ada.is_left_with("in-progress")
        return ada

    def test_a_stream_is_started_and_stopped(self, agent, talking, client):
        made = client.calls(talking.sid).streams.create(
            url=agent.url, name="spy", parameter1_name="a", parameter1_value="1"
        )
        assert (made.status, made.name, made.call_sid) == ("in-progress", "spy", talking.sid)
        start = agent.gets("start")["start"]
        assert (start["streamSid"], start["customParameters"]) == (made.sid, {"a": "1"})
        assert client.calls(talking.sid).streams("spy").update(status="stopped").status == "stopped"
        assert agent.gets("stop")

    def test_a_wrong_parameter_is_refused(self, talking, client):
        url = "wss://example.com"
        wrong = {
            31922: {"url": "https://example.com/x"},
            21205: {"url": ""},
            20001: {"url": url, "track": "left"},
            21609: {"url": url, "status_callback": "nowhere"},
        }
        too_long = {"url": url, "parameter1_name": "a", "parameter1_value": "x" * 500}
        for code, given in [*wrong.items(), (20001, too_long)]:
            with pytest.raises(TwilioRestException) as refused:
                client.calls(talking.sid).streams.create(**given)
            assert refused.value.code == code

    def test_only_a_call_in_progress_has_streams(self, agent, talking, client):
        with pytest.raises(TwilioRestException) as unknown:
            client.calls(talking.sid).streams("nobody").update(status="stopped")
        assert unknown.value.code == 20404
        talking.hangs_up()
        with pytest.raises(TwilioRestException) as refused:
            client.calls(talking.sid).streams.create(url=agent.url)
        assert refused.value.code == 21220

    def test_a_two_way_stream_cannot_be_stopped(self, call, agent, client):
        with pytest.raises(TwilioRestException) as refused:
            client.calls(call.sid).streams(agent.sid).update(status="stopped")
        assert refused.value.code == 20001
