"""Which entries have a lane on the stage, and for how long."""

import random
from dataclasses import dataclass

import pytest

from show.lanes.assignment import LANES, MAX_CALL_LANES, MAX_QUEUE, MIN_SECONDS, Board


@dataclass
class Item:
    id: str
    started_at: float
    state: str = "success"

    @property
    def is_live(self):
        return self.state == "live"

    @property
    def is_busy(self):
        return self.state == "waiting"


class Room:
    """A board, and time that passes."""

    def __init__(self):
        self.board, self.now = Board(), 1000.0

    def arrives(self, id, state="success", after=0.0):
        self.passes(after)
        item = Item(id, self.now, state)
        self.changes(item)
        return item

    def changes(self, item, state=""):
        self.board.advance(self.now)
        item.state = state or item.state
        self.board.update(item)
        self.board.advance(self.now)

    def passes(self, seconds):
        self.now += seconds
        self.board.advance(self.now)

    def shown(self):
        return [slot.item.id if slot.item else "" for slot in self.board.slots]


@pytest.fixture
def room():
    return Room()


def test_first_entries_fill_the_lanes_from_the_top(room):
    for id in "abc":
        room.arrives(id)
    assert room.shown() == ["a", "b", "c", ""]


def test_entry_replaces_the_oldest_and_moves_no_other(room):
    for id in "abcd":
        room.arrives(id, after=1)
    room.arrives("e", after=MIN_SECONDS)
    assert room.shown() == ["e", "b", "c", "d"]


def test_entry_waits_until_the_oldest_has_been_seen(room):
    for id in "abcde":
        room.arrives(id)
    assert room.shown() == ["a", "b", "c", "d"]
    room.passes(MIN_SECONDS)
    assert room.shown() == ["e", "b", "c", "d"]


def test_clock_that_is_set_back_does_not_stop_the_lanes(room):
    for id in "abcd":
        room.arrives(id)
    room.arrives("e", after=-300)
    room.arrives("f", after=MIN_SECONDS)
    assert room.shown() == ["e", "f", "c", "d"]


def test_finished_entry_is_replaced_before_one_that_waits_for_its_answer(room):
    room.arrives("a", "waiting")
    for id in "bcd":
        room.arrives(id)
    room.passes(MIN_SECONDS)
    room.arrives("e")
    assert room.shown() == ["a", "e", "c", "d"]


def test_changed_entry_stays_long_enough_to_be_read(room):
    first = room.arrives("a", "waiting")
    for id in "bcd":
        room.arrives(id, "waiting")
    room.passes(MIN_SECONDS - 0.1)
    room.changes(first, "success")
    room.arrives("e", after=0.2)
    assert room.shown() == ["a", "e", "c", "d"]


def test_live_call_stays_until_it_ends_and_can_be_read(room):
    call = room.arrives("call", "live")
    for number in range(60):
        room.arrives(f"text {number}", after=0.5)
        assert room.shown()[0] == "call"
    room.changes(call, "ended")
    room.passes(MIN_SECONDS - 0.1)
    assert room.shown()[0] == "call"
    for number in range(9):
        room.arrives(f"more {number}", after=MIN_SECONDS)
    assert "call" not in room.shown()


def test_one_lane_is_kept_for_texts_and_other_calls_are_listed(room):
    for number in range(MAX_CALL_LANES + 2):
        room.arrives(f"call {number}", "live")
    room.arrives("text")
    assert room.shown() == ["call 0", "call 1", "call 2", "text"]
    assert [call.id for call in room.board.live_without_lane()] == ["call 3", "call 4"]


def test_crowd_is_counted(room):
    for number in range(30):
        room.arrives(f"text {number}")
    assert room.board.count_more() == 30 - LANES
    for number in range(4):
        room.arrives(f"later {number}", after=2 * MIN_SECONDS)
    room.passes(60)
    for number in range(4):
        room.arrives(f"last {number}", after=60)
    assert room.board.count_more() == 0


def test_hidden_entry_leaves_and_does_not_return(room):
    item = room.arrives("a")
    room.board.remove({"a"})
    room.changes(item, "waiting")
    assert room.shown() == [""] * LANES


def test_two_hundred_texts_in_twenty_seconds_stay_readable(room):
    pick, stays, shown = random.Random(7), {}, {}
    for moment in range(20_000 // 50):
        room.passes(0.05)
        if pick.random() < 0.5:
            room.arrives(f"text {moment}")
        for lane, id in enumerate(room.shown()):
            if shown.get(lane) != id:
                stays.setdefault(shown.get(lane), room.now)
                shown[lane] = id
                stays[f"from {id}"] = room.now
    times = [end - stays[f"from {id}"] for id, end in stays.items() if id and f"from {id}" in stays]
    assert min(times) >= MIN_SECONDS - 0.06
    assert len(times) > 15
    assert len(room.board.queue) <= MAX_QUEUE


def test_same_events_give_the_same_lanes_however_often_they_are_drawn():
    def play(redraws):
        room = Room()
        for number in range(100):
            for _ in range(redraws):
                room.passes(0.2 / redraws)
            room.arrives(f"text {number}")
        return room.shown()

    assert play(1) == play(7)
