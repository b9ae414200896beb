"""Texts and calls to several numbers, and WhatsApp: each is answered from the address that was texted or called."""

import time
from dataclasses import replace

import pytest

import events
from events import Event
from phone.commands.count import PEOPLE_KEY
from sending import followers, opt_outs, outbox
from tests.support.environment import SECRETS
from tests.support.person import ME, NUMBER, Person
from tests.support.silent_gateway import SilentGateway
from workers import answer_delivery, follower_notifications, pending_answers, subscription_tasks

WHATSAPP_ME, WHATSAPP_NUMBER = "whatsapp:+447700900201", "whatsapp:+447700900100"
AMERICAN = "+12025550100"


@pytest.fixture
def gateway(settings, redis, monkeypatch):
    gateway = SilentGateway(settings, redis)
    monkeypatch.setattr(answer_delivery, "get_gateway", lambda: gateway)
    monkeypatch.setattr(subscription_tasks, "get_gateway", lambda: gateway)
    return gateway


@pytest.fixture
def whatsapp(post_as_twilio):
    return Person(post_as_twilio, WHATSAPP_ME)


def only_answer(redis):
    return pending_answers.load(redis, redis.zrange(pending_answers.OPEN_KEY, 0, 0)[0].decode())


def answered(redis):
    """The message with the answer of the only open question."""
    id = only_answer(redis).id
    answer_delivery.finish(redis, id, "answered", "It is done.")
    return outbox.load(redis, f"answer:{id}")


@pytest.mark.parametrize(
    ("sender", "to", "leaves_from"),
    [(ME, NUMBER, ""), (ME, AMERICAN, AMERICAN), (WHATSAPP_ME, WHATSAPP_NUMBER, WHATSAPP_NUMBER)],
)
def test_slow_answer_leaves_from_the_address_that_was_texted(post_as_twilio, redis, gateway, sender, to, leaves_from):
    Person(post_as_twilio, sender).texts("count", To=to)
    message = answered(redis)
    assert (message.to, message.sender) == (sender, leaves_from)


def test_answer_after_a_call_leaves_from_the_number_that_was_called(person, redis, gateway):
    call = {"CallSid": "CA" + "1" * 32, "From": ME, "To": AMERICAN, "CallStatus": "in-progress"}
    person.post("/voice", call)
    person.post("/voice/menu?doc=1", call | {"Digits": "4"})
    person.post("/voice/status", call | {"CallStatus": "completed", "CallDuration": "9"})
    assert answered(redis).sender == AMERICAN


def test_late_reply_leaves_from_the_address_that_was_texted(app, redis):
    from receiving.delivery import Delivery
    from receiving.idempotency import StoredResponse
    from receiving.receiver import plan_late_reply

    body = f"MessageSid=SM1&From={WHATSAPP_ME}&To={WHATSAPP_NUMBER}".replace("+", "%2B").encode()
    delivery = Delivery("POST", "/sms", {"content-type": "application/x-www-form-urlencoded"}, body)
    with app.app_context():
        plan_late_reply(redis, delivery, StoredResponse("<Response><Message>It is 14:05.</Message></Response>"))
    assert outbox.load(redis, "late:SM1:0").sender == WHATSAPP_NUMBER


def test_number_on_whatsapp_is_masked_and_is_the_same_person(person, whatsapp, redis):
    person.texts("time")
    whatsapp.texts("time", To=WHATSAPP_NUMBER, sid="SM" + "a" * 32)
    assert redis.scard(PEOPLE_KEY) == 1
    received = [event for event in events.read_latest(redis, 20) if event.type == "text.received"]
    assert [event.data["who"] for event in received] == ["+44 ••• 201", "+44 ••• 201"]
    assert ME not in str(events.read_latest(redis, 20))


def test_stop_on_whatsapp_stops_whatsapp(whatsapp, redis):
    assert "no more texts" in whatsapp.texts("STOP", To=WHATSAPP_NUMBER)  # Twilio does not reply there
    assert opt_outs.has_opted_out(redis, WHATSAPP_ME, SECRETS)
    assert not opt_outs.has_opted_out(redis, WHATSAPP_ME.partition(":")[2], SECRETS)
    whatsapp.texts("yes", To=WHATSAPP_NUMBER)
    assert opt_outs.has_opted_out(redis, WHATSAPP_ME, SECRETS)
    assert "texts from me again" in whatsapp.texts("START", To=WHATSAPP_NUMBER)
    assert not opt_outs.has_opted_out(redis, WHATSAPP_ME, SECRETS)


def run_task(monkeypatch, task, words, number, sender):
    pending = pending_answers.PendingAnswer("a", "x", words, "text", number, "SM1", time.time() + 60, sender=sender)
    monkeypatch.setattr(pending_answers, "load_current", lambda: pending)
    return task(words)


def test_followers_are_told_from_the_number_at_which_they_asked(gateway, redis, monkeypatch):
    gateway.settings = replace(gateway.settings, public_url="")
    assert "You now follow" in run_task(monkeypatch, subscription_tasks.follow, "github", ME, AMERICAN)
    pipe = redis.pipeline()
    facts = {"provider": "github", "event": "push", "summary": "ada pushed"}
    follower_notifications.plan(pipe, Event("1-0", "webhook.received", "", time.time(), facts), "github.push")
    pipe.execute()
    follower_notifications.plan_due(redis)
    (id,) = redis.zrange(outbox.queue_of(AMERICAN, follower_notifications.WAITING_KEY), 0, -1)
    assert outbox.load(redis, id.decode()).sender == AMERICAN
    assert list(followers.iter_followers(redis, "github.push")) == [{ME: f"text {AMERICAN}"}]


def test_whatsapp_gets_no_notifications_that_whatsapp_would_reject(gateway, redis, monkeypatch):
    told = run_task(monkeypatch, subscription_tasks.follow, "github", WHATSAPP_ME, WHATSAPP_NUMBER)
    assert told == subscription_tasks.ONLY_ON_REQUEST
    assert not redis.keys("followers:*")
