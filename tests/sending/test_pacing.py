"""Texts leave at the pace of the sender: in order, shared by all processes, and not while sending is stopped."""

import pytest

from sending import outbox, pacing, text_circuit_breaker
from sending.outbox import OutboundMessage

NOW = 1_800_000_000.0
ADA = "+447700900201"
AHEAD = {outbox.WAITING_KEY: 1.0, "notifications:waiting": 0.5}


@pytest.fixture
def waits(redis):
    """So many messages wait, the oldest first."""

    def plan(*ids, body="It is done.", queue=outbox.WAITING_KEY):
        for at, id in enumerate(ids):
            outbox.plan(redis, OutboundMessage(id, ADA, body, ""), NOW - 1000 + at, queue)

    return plan


def released(redis, second=0.0, rate=1, most=100):
    return pacing.release(redis, rate, most, NOW + second, AHEAD)


def test_one_message_a_second_oldest_first(redis, waits):
    waits(*"abcdef")
    assert released(redis) == ["a", "b"]  # what is due now and within a second
    assert [released(redis, second) for second in (0.5, 1, 2, 3)] == [[], ["c"], ["d"], ["e"]]


def test_long_message_takes_the_time_of_its_segments(redis, waits):
    waits("a", body="x" * 400)
    waits("b", "c")
    assert [released(redis, second) for second in (0, 1, 2, 3)] == [["a"], [], ["b"], ["c"]]


def test_processes_share_the_pace(redis, waits):
    waits(*(f"message {number:03}" for number in range(300)))
    found = [id for second in range(10) for _ in range(3) for id in released(redis, second, rate=20)]
    assert found == [f"message {number:03}" for number in range(20 * 10 + 1)]


def test_unused_time_is_lost(redis, waits):
    waits(*"ab")
    released(redis)
    waits(*"cdefgh")
    assert released(redis, 3600) == ["c", "d"]


def test_clock_that_is_set_back_does_not_hold_texts_until_it_catches_up(redis, waits):
    waits(*"abc")
    assert released(redis) == ["a", "b"]
    assert [released(redis, second) for second in (-300, -299)] == [["c"], []]


def test_hundreds_of_waiting_messages_cost_one_round_trip(redis, waits):
    waits(*(f"message {number:03}" for number in range(500)))
    released(redis)
    before = redis.info("stats")["total_commands_processed"]
    assert released(redis) == []
    assert redis.info("stats")["total_commands_processed"] - before <= 5


def test_stopped_messages_wait_and_leave_in_order(redis, waits):
    text_circuit_breaker.stop(redis, "the presenter stopped it")
    waits(*"abc")
    assert released(redis, rate=1000) == []
    assert pacing.count_waiting(redis) == 3
    text_circuit_breaker.resume(redis)
    assert released(redis, rate=1000) == ["a", "b", "c"]


def test_answers_precede_notifications(redis, waits):
    waits("notify-text:1", "notify-text:2", queue="notifications:waiting")
    waits("answer:1")
    assert released(redis) == ["answer:1"]
    assert released(redis, 1) == ["notify-text:1"]


def test_pause_holds_all_messages(redis, waits):
    waits("a")
    pacing.pause(redis, NOW + 60)
    pacing.pause(redis, NOW + 5)
    assert [released(redis, second) for second in (0, 58, 59)] == [[], [], ["a"]]


def test_refund_of_a_message_that_is_not_sent(redis, waits):
    waits("a", body="x" * 400)
    waits("b")
    released(redis)
    pacing.refund(redis, 1, 3)
    assert released(redis, 1) == ["b"]


def test_settled_and_expired_messages_take_no_time(redis, waits):
    waits("a", "b", "c")
    redis.hset("outbox:a", "state", "sent")
    redis.delete("outbox:b")
    assert released(redis) == ["c"]


def test_message_of_a_killed_process_returns_to_its_place(redis, waits):
    waits("a", "b", "c", "d")
    assert released(redis) == ["a", "b"]
    assert outbox.list_due(redis, NOW + pacing.LEASE_SECONDS) == ["a", "b"]
    outbox.wait_for_sender(redis, outbox.load(redis, "a"))
    assert released(redis, 5) == ["a", "c"]


def test_high_rate_releases_hundreds_at_once(redis, waits):
    waits(*(f"message {number}" for number in range(900)))
    assert len(released(redis, rate=1000, most=1000)) == 900
