"""Texts and calls to followers: all are notified once, at a limited rate."""

import time
from dataclasses import replace

import pytest

from events import Event
from sending import followers, opt_outs, outbox, pacing, text_circuit_breaker, unfollow_tokens
from sending.outbox import OutboundMessage
from tests.support.environment import SECRETS
from workers import answer_delivery, follower_notifications, sweep, twilio_lookups

ADA, BOB = "+447700900201", "+447700900202"


class FakeGateway:
    """Replaces the Twilio gateway: records who was notified, and how. Its sender sends ten segments a second."""

    def __init__(self, settings, redis):
        self.settings, self.redis, self.sent, self.now = settings, redis, [], 1_000_000
        self.released = []  # ids in order; threads send those of one batch in any order

    def release(self, most, ahead):
        ids = pacing.release(self.redis, 10, most, self.now, ahead)
        self.released += ids
        return ids

    def send_text(self, id):
        return self._send("text", id)

    def start_call(self, id):
        return self._send("call", id)

    def _send(self, how, id):
        effect = outbox.load(self.redis, id)
        if outbox.settle(self.redis, effect, "planned", "sent"):
            self.sent.append((how, effect.to, effect.body))
        return "sent"


@pytest.fixture
def gateway(settings, redis, monkeypatch):
    gateway = FakeGateway(replace(settings, public_url=""), redis)
    monkeypatch.setattr(answer_delivery, "get_gateway", lambda: gateway)
    return gateway


def notify(redis, name="github.push", line="ada pushed", id="1-0"):
    facts = {"provider": name.partition(".")[0], "event": name.partition(".")[2], "summary": line}
    pipe = redis.pipeline()
    follower_notifications.plan(pipe, Event(id, "webhook.received", "", time.time(), facts), name)
    pipe.execute()


def sweep_for(gateway, rounds=1):
    """Plan and send once a second."""
    for _ in range(rounds):
        follower_notifications.plan_due(gateway.redis)
        sweep.send_waiting(gateway.redis)
        gateway.now += 1


def add_followers(redis, size, topic="github", by="text"):
    pipe = redis.pipeline()
    for number in range(size):
        pipe.hset(opt_outs.topics_key(f"+4477009{number:05}"), topic, by)
        pipe.sadd(f"followers:{topic}", f"+4477009{number:05}")
    pipe.execute()


def test_every_follower_is_notified_once(gateway, redis):
    followers.follow(redis, ADA, "github")
    followers.follow(redis, ADA, "github.push")
    followers.follow(redis, BOB, "stripe")
    notify(redis)
    notify(redis)
    sweep_for(gateway, 3)
    assert gateway.sent == [("text", ADA, "ada pushed")]
    assert (
        redis.zcard(outbox.DUE_KEY)
        == redis.zcard(follower_notifications.WAITING_KEY)
        == redis.zcard(follower_notifications.NEW_EVENTS_KEY)
        == 0
    )


def test_follower_who_asked_for_calls_is_called(gateway, redis):
    followers.follow(redis, ADA, "github", followers.CALL)
    followers.follow(redis, BOB, "github", followers.CALL)
    followers.follow(redis, BOB, "github.push", followers.TEXT)  # the narrower topic decides
    notify(redis)
    sweep_for(gateway, 1)
    assert sorted(gateway.sent) == [("call", ADA, "ada pushed"), ("text", BOB, "ada pushed")]


def test_text_in_place_of_an_unanswered_call_is_a_text_however_late_its_turn_comes(gateway, redis):
    id = f"{follower_notifications.CALL_ID_PREFIX}1-0:abc{outbox.INSTEAD_OF_CALL_SUFFIX}"
    outbox.plan(redis, OutboundMessage(id, ADA, "ada pushed", "1-0"))
    sweep_for(gateway)
    assert gateway.sent == [("text", ADA, "ada pushed")]


def test_thousands_are_planned_at_once_and_leave_time_for_answers(gateway, redis):
    add_followers(redis, 2_000)
    notify(redis)
    sweep_for(gateway)
    assert redis.zcard(follower_notifications.WAITING_KEY) + len(gateway.sent) == 2_000
    assert len(gateway.sent) == 6  # those of half a second, which the last one exceeds
    outbox.plan(redis, OutboundMessage("answer:1", ADA, "It is done.", ""))
    sweep.send_waiting(redis)
    assert gateway.released[6] == "answer:1"
    assert ("text", ADA, "It is done.") in gateway.sent


def test_concurrent_sweeps_share_the_rate_of_a_second(gateway, redis):
    add_followers(redis, 50)
    notify(redis)
    follower_notifications.plan_due(redis)
    for _ in range(4):
        sweep.send_waiting(redis)
    assert len(gateway.sent) == 6


def test_sweep_that_dies_halfway_skips_and_repeats_nobody(gateway, redis, monkeypatch):
    add_followers(redis, 20)
    notify(redis)
    with monkeypatch.context() as broken:
        broken.setattr(
            follower_notifications,
            "_with_unsubscribe_url",
            dies_after(12, follower_notifications._with_unsubscribe_url),
        )
        broken.setattr(followers, "NUMBERS_PER_BATCH", 5)
        with pytest.raises(SystemExit):
            follower_notifications.plan_due(redis)
    assert 0 < redis.zcard(follower_notifications.WAITING_KEY) < 20
    redis.delete("notification:1-0:lock")  # its lease has expired
    sweep_for(gateway, 6)
    assert len(gateway.sent) == len({number for _, number, _ in gateway.sent}) == 20


def test_notifications_of_a_killed_process_are_sent_by_another(gateway, redis):
    followers.follow(redis, ADA, "github")
    notify(redis)
    follower_notifications.plan_due(redis)
    assert len(gateway.release(9, {follower_notifications.WAITING_KEY: 1})) == 1  # and the process dies
    twilio_lookups._recheck_messages(redis, gateway.now + pacing.LEASE_SECONDS - 1)
    sweep_for(gateway, 2)
    assert gateway.sent == []
    twilio_lookups._recheck_messages(redis, gateway.now + pacing.LEASE_SECONDS)
    sweep_for(gateway)
    assert gateway.sent == [("text", ADA, "ada pushed")]


def test_call_of_a_killed_process_is_neither_texted_nor_sent_before_answers(gateway, redis):
    followers.follow(redis, ADA, "github", followers.CALL)
    notify(redis)
    follower_notifications.plan_due(redis)
    gateway.release(9, {follower_notifications.WAITING_KEY: 1})  # and the process dies
    twilio_lookups._recheck_messages(redis, gateway.now + pacing.LEASE_SECONDS)
    gateway.now += 1
    answer_delivery.send_next_text()  # by a worker that has just finished an answer
    assert gateway.sent == []
    sweep_for(gateway)
    assert gateway.sent == [("call", ADA, "ada pushed")]


def opt_out(redis, number):
    opt_outs.opt_out(redis, number, SECRETS)


@pytest.mark.parametrize("ends", [followers.unfollow, opt_out], ids=["unfollow", "STOP"])
def test_ending_a_subscription_cancels_waiting_notifications(gateway, redis, ends):
    followers.follow(redis, ADA, "github")
    notify(redis)
    follower_notifications.plan_due(redis)
    ends(redis, ADA)
    sweep_for(gateway)
    assert gateway.sent == []
    assert redis.zcard(outbox.DUE_KEY) == 0


def test_opted_out_follower_leaves_the_topic(gateway, redis):
    followers.follow(redis, ADA, "github")
    opt_outs.opt_out(redis, ADA, SECRETS)
    assert followers.is_followed(redis, "github.push")
    assert list(followers.iter_followers(redis, "github.push")) == []
    assert not followers.is_followed(redis, "github.push")


def test_notifications_wait_while_sending_is_stopped(gateway, redis):
    followers.follow(redis, ADA, "github")
    text_circuit_breaker.stop(redis, "the presenter stopped it")
    notify(redis)
    sweep_for(gateway, 2)
    assert gateway.sent == []
    text_circuit_breaker.resume(redis)
    sweep_for(gateway, 1)
    assert gateway.sent == [("text", ADA, "ada pushed")]


@pytest.mark.parametrize(("line", "has_link"), [("ada pushed", True), ("x" * 150, False), ("п" * 50, False)])
def test_unfollow_link_is_added_if_it_costs_no_further_segment(gateway, redis, line, has_link):
    gateway.settings = replace(gateway.settings, public_url="https://talk.example")
    followers.follow(redis, ADA, "github")
    notify(redis, line=line)
    sweep_for(gateway, 1)
    link = f"\nEnd: https://talk.example/unfollow/{unfollow_tokens.issue_unfollow_token(redis, ADA)}"
    assert gateway.sent == [("text", ADA, line + (link if has_link else ""))]


def dies_after(times, function):
    left = iter(range(times))

    def run(*arguments):
        if next(left, None) is None:
            raise SystemExit
        return function(*arguments)

    return run


def test_message_planned_twice_is_sent_once(gateway, redis):
    message = OutboundMessage("notify-text:1-0:x", ADA, "ada pushed", "")
    for _ in range(2):
        outbox.plan(redis, message, queue_key=follower_notifications.WAITING_KEY)
        sweep_for(gateway)
    assert gateway.sent == [("text", ADA, "ada pushed")]
    assert not redis.exists(outbox.DUE_KEY, follower_notifications.WAITING_KEY)
