"""Many follow; all are told, and nobody else is kept waiting for it."""

import time
from dataclasses import replace

import pytest

from events import Event
from sending import followers, opt_outs, outbox, rate_limits
from sending.outbox import OutboundMessage
from sending.webhooks import dispatch
from workers import callbacks, notifications, sweep

ADA, BOB = "+447700900201", "+447700900202"


class Operator:
    """Stands in for the telephone: notes who was told, and how."""

    def __init__(self, settings, redis):
        self.settings, self.redis, self.told = settings, redis, []

    def send_text(self, id):
        return self._tells("text", id)

    def start_call(self, id):
        return self._tells("call", id)

    def _tells(self, how, id):
        effect = outbox.load(self.redis, id)
        if outbox.settle(self.redis, id, "planned", "sent"):
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


def works(redis):
    """A worker does what waits for it."""
    for job in dispatch.get_queue(redis).jobs:
        job.func(*job.args)
        job.delete()


def seconds_pass(redis, rounds, start=1_000_000):
    """The sweep's rounds, one a second, and a worker that does what they hand out."""
    for second in range(rounds):
        notifications.enqueue_due(redis, start + second)
        works(redis)


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
    seconds_pass(redis, 3)
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
    seconds_pass(redis, 1)
    assert sorted(operator.told) == [("call", ADA, "ada pushed"), ("text", BOB, "ada pushed")]


def test_thousands_are_planned_in_one_round_and_leave_at_a_pace_below_the_ceiling(operator, redis):
    crowd(redis, 2_000)
    happens(redis)
    notifications.enqueue_due(redis, 1_000_000)
    assert redis.zcard(notifications.WAITING_KEY) == 2_000 - notifications.MAX_PER_SECOND
    assert (
        redis.zcard(outbox.DUE_KEY) == notifications.MAX_PER_SECOND
    )  # so that an answer to somebody never waits behind them
    assert notifications.MAX_PER_SECOND * 60 <= rate_limits.MAX_TOTAL_PER_MINUTE / 2


def test_several_that_sweep_in_one_second_share_its_pace(operator, redis):
    crowd(redis, 50)
    happens(redis)
    assert [notifications.enqueue_due(redis, 1_000_000 + part / 10) for part in range(4)] == [
        1 + notifications.MAX_PER_SECOND,
        0,
        0,
        0,
    ]


def test_nobody_is_left_out_and_nobody_told_twice_when_a_sweep_dies_halfway(operator, redis, monkeypatch):
    crowd(redis, 20)
    happens(redis)
    with monkeypatch.context() as broken:
        broken.setattr(notifications, "_with_unsubscribe_url", dies_after(12, notifications._with_unsubscribe_url))
        broken.setattr(followers, "NUMBERS_PER_BATCH", 5)
        with pytest.raises(SystemExit):
            notifications.enqueue_due(redis, 1_000_000)
    assert 0 < redis.zcard(notifications.WAITING_KEY) < 20
    redis.delete("notification:1-0:lock")  # its turn is over
    seconds_pass(redis, 6, 1_000_001)
    assert len(operator.told) == len({number for _, number, _ in operator.told}) == 20


def test_what_a_lost_job_had_in_hand_is_found_by_the_sweep(operator, redis):
    followers.follow(redis, ADA, "github")
    happens(redis)
    notifications.enqueue_due(redis, time.time() - 2 * notifications.RECHECK_AFTER_SECONDS)
    dispatch.get_queue(redis).empty()
    sweep._resume_unsettled_messages(redis, time.time())
    assert operator.told == [("text", ADA, "ada pushed")]


@pytest.mark.parametrize("ends", [followers.unfollow, opt_outs.opt_out], ids=["unfollow", "STOP"])
def test_who_ends_it_while_it_waits_is_left_in_peace(operator, redis, ends):
    followers.follow(redis, ADA, "github")
    happens(redis)
    notifications.enqueue_due(redis, 1_000_000)
    ends(redis, ADA)
    works(redis)
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
    rate_limits.stop(redis, "the presenter stopped it")
    happens(redis)
    seconds_pass(redis, 2)
    assert operator.told == []
    rate_limits.resume(redis)
    seconds_pass(redis, 1, 1_000_010)
    assert operator.told == [("text", ADA, "ada pushed")]


@pytest.mark.parametrize(("line", "has_way"), [("ada pushed", True), ("x" * 150, False), ("п" * 50, False)])
def test_the_way_out_goes_along_where_it_costs_no_further_segment(operator, redis, line, has_way):
    operator.settings = replace(operator.settings, public_url="https://talk.example")
    followers.follow(redis, ADA, "github")
    happens(redis, line=line)
    seconds_pass(redis, 1)
    way = f"\nEnd: https://talk.example/unfollow/{followers.issue_unfollow_token(redis, ADA)}"
    assert operator.told == [("text", ADA, line + (way if has_way else ""))]


def dies_after(times, function):
    left = iter(range(times))

    def run(*arguments):
        if next(left, None) is None:
            raise SystemExit
        return function(*arguments)

    return run


def test_an_effect_that_was_settled_is_not_looked_at_for_ever(operator, redis):
    outbox.plan(redis, OutboundMessage("notify-text:1-0:x", ADA, "ada pushed", "", "planned"))
    outbox.settle(redis, "notify-text:1-0:x", "planned", "sent")
    redis.zadd(outbox.DUE_KEY, {"notify-text:1-0:x": 1})
    notifications.deliver_notifications(["notify-text:1-0:x"])
    assert redis.zcard(outbox.DUE_KEY) == 0
