"""Marks and clear: an app learns what the caller has heard, and interrupts itself when the caller speaks."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.service.clock import Clock
from ringback.sound import mulaw
from ringback.streams.pacing import FramePacer
from ringback.streams.playback import Playback
from ringback.testing.waiting import eventually


def heard(person):
    return [(item["seconds"], item["interrupted"]) for item in person.call()["heard"]]


def waits_for_mark(person, name="", wait=0):
    """Status and body of the JSON API's answer."""
    body = json.dumps({"name": name, "wait": wait}).encode()
    path = f"{person.door}/calls/{person.sid}/marks"
    status, answer, _ = person.exchange.request("POST", path, body, Content_Type="application/json")
    return status, json.loads(answer)


def test_a_mark_returns_when_the_audio_before_it_has_been_heard(call, agent, exchange):
    agent.plays(2)
    agent.marks("first")
    agent.plays(1)
    agent.marks("second")
    agent.takes_everything()
    exchange.time_passes(1.9)
    assert agent.returned() == []
    exchange.time_passes(0.2)
    assert agent.gets("mark") == {
        "event": "mark",
        "sequenceNumber": agent.gets("mark")["sequenceNumber"],
        "streamSid": agent.sid,
        "mark": {"name": "first"},
    }
    exchange.time_passes(0.8)
    assert agent.returned() == ["first"]
    exchange.time_passes(0.2)
    agent.gets("mark", 2)
    assert agent.returned() == ["first", "second"]


def test_a_mark_with_nothing_before_it_returns_at_once(call, agent):
    agent.marks("now")
    assert agent.gets("mark")["mark"] == {"name": "now"}


def test_clear_ends_what_is_heard_and_returns_every_mark(call, agent, exchange):
    agent.plays(5)
    agent.marks("first")
    agent.plays(5)
    agent.marks("second")
    agent.takes_everything()
    exchange.time_passes(1)
    agent.clears()
    agent.gets("mark", 2)
    assert agent.returned() == ["first", "second"]
    assert heard(call) == [(1.0, True)]


def test_audio_after_clear_is_heard_at_once(call, agent, exchange):
    agent.plays(10)
    agent.takes_everything()
    exchange.time_passes(1)
    agent.clears()
    agent.plays(1)
    agent.marks("after")
    agent.takes_everything()
    exchange.time_passes(1)
    agent.gets("mark")
    exchange.time_passes(1)
    assert heard(call) == [(1.0, True), (1.0, False)]


def test_clear_with_nothing_queued_changes_nothing(call, agent, exchange):
    agent.plays(1)
    agent.takes_everything()
    exchange.time_passes(3)
    agent.clears()
    agent.marks("now")
    agent.gets("mark")
    assert heard(call) == [(1.0, False)]


def test_the_caller_interrupts_the_app(call, agent, exchange):
    """The usual way of a voice agent: it hears the caller, and clears what it was saying."""
    agent.plays(8)
    agent.marks("sentence")
    agent.takes_everything()
    exchange.time_passes(2)
    call.speaks("stop please")
    exchange.time_passes(0.1)
    eventually(lambda: set(agent.audio()) != set(mulaw.SILENCE))
    agent.clears()
    assert agent.gets("mark")["mark"] == {"name": "sentence"}
    ((seconds, interrupted),) = heard(call)
    assert (round(seconds, 1), interrupted) == (2.1, True)


def test_a_hang_up_cuts_the_audio_and_returns_no_mark(call, agent, exchange):
    agent.plays(5)
    agent.marks("never")
    agent.takes_everything()
    exchange.time_passes(1)
    call.hangs_up()
    agent.gets("stop")
    assert heard(call) == [(1.0, True)]
    assert agent.returned() == []


def test_a_script_waits_for_a_mark(call, agent, exchange):
    agent.plays(2)
    agent.marks("done")
    agent.takes_everything()
    assert waits_for_mark(call, "done") == (
        409,
        {"error": "No mark named 'done' has been returned to the app within 0 s."},
    )
    exchange.time_passes(2)
    status, mark = waits_for_mark(call, "done", wait=10)
    assert (status, mark["name"], mark["cleared"]) == (200, "done", False)
    (stream,) = exchange.get(f"{call.door}/calls/{call.sid}/streams")["streams"]
    assert (stream["sid"], stream["two_way"], stream["marks"]) == (agent.sid, True, [mark])


def test_a_script_that_waits_for_a_mark_without_a_stream_is_told(ada, app):
    app.answers["/voice"] = "<Response><Pause length='9'/></Response>"
    ada.dials()
    assert waits_for_mark(ada) == (404, {"error": "This call has no two-way stream."})


def test_a_mark_can_be_lost_on_purpose(call, agent, exchange):
    exchange.post("/faults", {"kind": "stream-lost-mark"})
    agent.marks("lost")
    agent.marks("kept")
    agent.gets("mark")
    assert agent.returned() == ["kept"]


class Listener:
    """Records what a Playback reports."""

    def __init__(self):
        self.marks, self.ended, self.playing = [], [], None

    def audio_starts(self, heard):
        assert self.playing is None
        self.playing = heard

    def audio_ends(self, heard, interrupted):
        assert self.playing is heard
        self.playing = None
        self.ended.append(heard.seconds)

    def mark_returns(self, mark):
        self.marks.append(mark.name)


class StillClock(Clock):
    """A stopped clock that moves without an event loop, and fires its timers by itself."""

    def __init__(self):
        super().__init__(stopped=True)

    def _arm(self, timer):
        pass

    def move(self, seconds):
        end = self.time() + seconds
        while due := [timer for timer in self.timers if timer.due <= end]:
            first = min(due, key=lambda timer: timer.due)
            self.ahead += max(0.0, first.due - self.time())
            first.fire()
        self.ahead += max(0.0, end - self.time())


class Frames:
    """Records when its frames were due, in milliseconds since the start."""

    def __init__(self, began):
        self.began, self.due = began, []

    def send_frame(self, due):
        self.due.append(round((due - self.began) * 1000))


@pytest.mark.parametrize(
    ("stall", "due"), [(0.1, [20, 40, 60, 80, 100, 120]), (10.01, [20, 10020])], ids=["short", "long"]
)
def test_frames_are_sent_late_after_a_short_stall_and_lost_after_a_long_one(stall, due):
    clock = StillClock()
    pacer, frames = FramePacer(clock), Frames(clock.time())
    pacer.add(frames)
    clock.move(0.021)
    clock.ahead += stall
    pacer.timer.fire()
    assert frames.due == due
    pacer.remove(frames)
    assert not clock.timers


def test_streams_are_spread_over_four_phases_and_each_gets_a_frame_every_20_ms():
    clock = StillClock()
    pacer, streams = FramePacer(clock), [Frames(clock.time()) for _ in range(8)]
    first = [round((pacer.add(stream) - clock.time()) * 1000) for stream in streams]
    clock.move(0.0601)
    assert first == [20, 25, 30, 35] * 2
    assert [stream.due for stream in streams] == [list(range(start, 61, 20)) for start in first]


ACTIONS = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 30_000)),
    st.tuples(st.just("mark"), st.integers(0, 99)),
    st.tuples(st.just("clear"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 5000)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTIONS, max_size=20))
def test_every_mark_returns_once_and_in_order_and_everything_heard_ends(actions):
    clock, listener = StillClock(), Listener()
    playback, sent = Playback(clock, "CA", listener), []
    for action, number in actions:
        match action:
            case "add":
                playback.add(b"\x80" * number)
            case "mark":
                playback.mark(f"{number}")
                sent.append(f"{number}")
            case "clear":
                playback.clear()
                assert listener.marks == sent
            case "wait":
                clock.move(number / 1000)
    clock.move(120)
    assert listener.marks == sent
    assert listener.playing is None
    assert not clock.timers
    queued = sum(number for action, number in actions if action == "add")
    if not any(action == "clear" for action, _ in actions):
        assert sum(listener.ended) >= queued / 8000 - 0.001
