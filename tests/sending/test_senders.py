"""Several senders: each message leaves from the address that was texted, at that address's own pace."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from sending import opt_outs, outbox, pacing
from sending.outbox import OutboundMessage
from sending.twilio.gateway import TwilioGateway

ADA = "+447700900201"
DEFAULT, AMERICAN, WHATSAPP = "+447700900100", "+12025550100", "whatsapp:+447700900100"
AHEAD = {outbox.WAITING_KEY: 0.5}


class FakeMessages:
    """Twilio's Messages resource: records what is sent."""

    def __init__(self):
        self.sent = []

    def create(self, **parameters):
        self.sent.append((parameters["from_"], parameters["to"]))
        return SimpleNamespace(sid=f"SM{len(self.sent):032x}")


@pytest.fixture
def gateway(settings, redis):
    several = replace(settings, twilio_phone_number=(DEFAULT, AMERICAN), sender_segments_per_second=(1, 10))
    gateway = TwilioGateway(several, redis)
    gateway.client = SimpleNamespace(messages=FakeMessages())
    return gateway


def plan(redis, id, to=ADA, sender=""):
    outbox.plan(redis, OutboundMessage(id, to, "It is done.", "", sender))


@pytest.mark.parametrize(
    ("to", "sender", "leaves_from"),
    [
        (ADA, "", DEFAULT),
        (ADA, AMERICAN, AMERICAN),
        ("whatsapp:" + ADA, WHATSAPP, WHATSAPP),
        (ADA, "+33639980000", "+33639980000"),
    ],
)
def test_message_leaves_from_its_sender(gateway, redis, to, sender, leaves_from):
    plan(redis, "answer:1", to, sender)
    assert gateway.release(1, AHEAD) == ["answer:1"]
    assert gateway.send_text("answer:1") == "sent"
    assert gateway.client.messages.sent == [(leaves_from, to)]


def test_each_sender_has_its_own_rate(gateway, redis):
    for number in range(30):
        for sender in ("", AMERICAN, WHATSAPP):
            plan(redis, f"{sender or 'default'} {number:02}", sender=sender)
    released = gateway.release(100, AHEAD)
    counts = {sender: len([id for id in released if id.startswith(sender)]) for sender in ("default", "+1", "whatsapp")}
    assert counts == {"default": 1, "+1": 6, "whatsapp": 1}


def test_pause_of_one_sender_does_not_delay_another(gateway, redis):
    plan(redis, "default")
    plan(redis, "american", sender=AMERICAN)
    pacing.pause(redis, time.time() + 60, AMERICAN)
    assert gateway.release(9, AHEAD) == ["default"]
    assert pacing.count_waiting_by_sender(redis) == {"": 0, AMERICAN: 1}
    assert pacing.count_waiting(redis) == 1


def test_postponed_message_waits_for_its_own_sender_again(gateway, redis):
    plan(redis, "american", sender=AMERICAN)
    gateway.release(9, AHEAD)
    assert outbox.wait_for_sender(redis, outbox.load(redis, "american"))
    assert redis.zcard(outbox.queue_of(AMERICAN)) == 1
    assert not redis.exists(outbox.WAITING_KEY)


def test_message_that_must_not_be_sent_gives_back_the_time_of_its_sender(gateway, redis):
    opt_outs.opt_out(redis, ADA, gateway.settings.secret_key)
    for id in ("one", "two"):
        plan(redis, id, sender=AMERICAN)
    gateway.settings = replace(gateway.settings, sender_segments_per_second=(1, 1))
    assert gateway.release(9, AHEAD) == ["one"]
    assert gateway.send_text("one") == "failed"
    assert gateway.release(9, AHEAD) == ["two"]


@pytest.mark.parametrize(("rates", "expected"), [((3,), [3, 3, 3, 3]), ((3, 7), [3, 7, 3, 3])])
def test_rate_of_each_address(settings, rates, expected):
    several = replace(settings, twilio_phone_number=(DEFAULT, AMERICAN), sender_segments_per_second=rates)
    assert [several.sender_rate(address) for address in ("", AMERICAN, WHATSAPP, "+33639980000")] == expected
