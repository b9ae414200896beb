"""Many follow; all are told, and nobody else is kept waiting for it."""

import time
from dataclasses import replace

import pytest

from events import Event
from sending import circuit_breaker, followers, opt_outs, outbox, pacing
from sending.outbox import OutboundMessage
from workers import callbacks, notifications, sweep

ADA, BOB = "+447700900201", "+447700900202"


class Operator:
    """Stands in for the telephone: notes who was told, and how. Its sender sends ten segments a second."""

    def __init__(self, settings, redis):
        self.settings, self.redis, self.told, self.now = settings, redis, [], 1_000_000

    def release(self, most, ahead):
        return pacing.release(self.redis, 10, most, self.now, ahead)

    def send_text(self, id):
        return self._tells("text", id)

    def start_call(self, id):
        return self._tells("call", id)

    def _tells(self, how, id):
        effect = outbox.load(self.redis, id)
        if outbox.settle(self.redis, effect, "planned", "sent"):
            self.told.append((how, effect.to, effect.body))
        return "sent"


@pytest.fixture
def operator(settings, redis, monkeypatch):
    operator = Operator(replace(settings, public_url=""), redis)
    monkeypatch.setattr(callbacks, "get_gateway", lambda: operator)
    return operator


def happens(redis, name="github.push", line="ada pushed", id="1-0"):
    facts = {"provider": name.partition(".")[0], "event": name.partition(".")[2], "summary": line}
    pipe = redis.pipeline()
    notifications.plan(pipe, Event(id, "webhook.received", "", time.time(), facts), name)
    pipe.execute()


def seconds_pass(operator, seconds=1):
    """The sweep and the sender go round once a second."""
    for _ in range(seconds):
        notifications.plan_due(operator.redis)
        sweep.send_waiting(operator.redis)
        operator.now += 1


def crowd(redis, size, topic="github", by="text"):
    pipe = redis.pipeline()
    for number in range(size):
        pipe.hset(opt_outs.topics_key(f"+4477009{number:05}"), topic, by)
        pipe.sadd(f"followers:{topic}", f"+4477009{number:05}")
    pipe.execute()


def test_all_who_follow_are_told_once(operator, redis):
    followers.follow(redis, ADA, "github")
    followers.follow(redis, ADA, "github.push")
    followers.follow(redis, BOB, "stripe")
    happens(redis)
    happens(redis)
    seconds_pass(operator, 3)
    assert operator.told == [("text", ADA, "ada pushed")]
    assert (
        redis.zcard(outbox.DUE_KEY)
        == redis.zcard(notifications.WAITING_KEY)
        == redis.zcard(notifications.NEW_EVENTS_KEY)
        == 0
    )


def test_who_asked_for_calls_is_called(operator, redis):
    followers.follow(redis, ADA, "github", followers.CALL)
    followers.follow(redis, BOB, "github", followers.CALL)
    followers.follow(redis, BOB, "github.push", followers.TEXT)  # the narrower wish decides
    happens(redis)
    seconds_pass(operator, 1)
    assert sorted(operator.told) == [("call", ADA, "ada pushed"), ("text", BOB, "ada pushed")]


def test_thousands_are_planned_in_one_round_and_leave_time_for_answers(operator, redis):
    crowd(redis, 2_000)
    happens(redis)
    seconds_pass(operator)
    assert redis.zcard(notifications.WAITING_KEY) + len(operator.told) == 2_000
    assert len(operator.told) == 6  # half a second, begun by a segment
    outbox.plan(redis, OutboundMessage("answer:1", ADA, "It is done.", ""))
    sweep.send_waiting(redis)
    assert operator.told[6] == ("text", ADA, "It is done.")


def test_several_that_sweep_in_one_second_share_its_pace(operator, redis):
    crowd(redis, 50)
    happens(redis)
    notifications.plan_due(redis)
    for _ in range(4):
        sweep.send_waiting(redis)
    assert len(operator.told) == 6


def test_nobody_is_left_out_and_nobody_told_twice_when_a_sweep_dies_halfway(operator, redis, monkeypatch):
    crowd(redis, 20)
    happens(redis)
    with monkeypatch.context() as broken:
        broken.setattr(notifications, "_with_unsubscribe_url", dies_after(12, notifications._with_unsubscribe_url))
        broken.setattr(followers, "NUMBERS_PER_BATCH", 5)
        with pytest.raises(SystemExit):
            notifications.plan_due(redis)
    assert 0 < redis.zcard(notifications.WAITING_KEY) < 20
    redis.delete("notification:1-0:lock")  # its turn is over
    seconds_pass(operator, 6)
    assert len(operator.told) == len({number for _, number, _ in operator.told}) == 20


def test_what_a_killed_process_had_in_hand_is_sent_by_another(operator, redis):
    followers.follow(redis, ADA, "github")
    happens(redis)
    notifications.plan_due(redis)
    assert len(operator.release(9, {notifications.WAITING_KEY: 1})) == 1  # and it dies
    sweep._recheck_messages(redis, operator.now + pacing.LEASE_SECONDS - 1)
    seconds_pass(operator, 2)
    assert operator.told == []
    sweep._recheck_messages(redis, operator.now + pacing.LEASE_SECONDS)
    seconds_pass(operator)
    assert operator.told == [("text", ADA, "ada pushed")]


@pytest.mark.parametrize("ends", [followers.unfollow, opt_outs.opt_out], ids=["unfollow", "STOP"])
def test_who_ends_it_while_it_waits_is_left_in_peace(operator, redis, ends):
    followers.follow(redis, ADA, "github")
    happens(redis)
    notifications.plan_due(redis)
    ends(redis, ADA)
    seconds_pass(operator)
    assert operator.told == []
    assert redis.zcard(outbox.DUE_KEY) == 0


def test_who_texted_stop_is_crossed_out_of_the_list_too(operator, redis):
    followers.follow(redis, ADA, "github")
    opt_outs.opt_out(redis, ADA)
    assert followers.is_followed(redis, "github.push")
    assert list(followers.iter_followers(redis, "github.push")) == []
    assert not followers.is_followed(redis, "github.push")


def test_while_sending_is_stopped_they_wait(operator, redis):
    followers.follow(redis, ADA, "github")
    circuit_breaker.stop(redis, "the presenter stopped it")
    happens(redis)
    seconds_pass(operator, 2)
    assert operator.told == []
    circuit_breaker.resume(redis)
    seconds_pass(operator, 1)
    assert operator.told == [("text", ADA, "ada pushed")]


@pytest.mark.parametrize(("line", "has_way"), [("ada pushed", True), ("x" * 150, False), ("п" * 50, False)])
def test_the_way_out_goes_along_where_it_costs_no_further_segment(operator, redis, line, has_way):
    operator.settings = replace(operator.settings, public_url="https://talk.example")
    followers.follow(redis, ADA, "github")
    happens(redis, line=line)
    seconds_pass(operator, 1)
    way = f"\nEnd: https://talk.example/unfollow/{followers.issue_unfollow_token(redis, ADA)}"
    assert operator.told == [("text", ADA, line + (way if has_way else ""))]


def dies_after(times, function):
    left = iter(range(times))

    def run(*arguments):
        if next(left, None) is None:
            raise SystemExit
        return function(*arguments)

    return run


def test_what_was_planned_twice_is_sent_once(operator, redis):
    effect = OutboundMessage("notify-text:1-0:x", ADA, "ada pushed", "")
    for _ in range(2):
        outbox.plan(redis, effect, queue_key=notifications.WAITING_KEY)
        seconds_pass(operator)
    assert operator.told == [("text", ADA, "ada pushed")]
    assert not redis.exists(outbox.DUE_KEY, notifications.WAITING_KEY)
