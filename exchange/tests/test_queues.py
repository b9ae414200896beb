"""Callers wait in a queue until an agent takes their call."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException

from ringback.testing.waiting import eventually

ENQUEUE = '<Response><Enqueue action="/left" waitUrl="/wait">support</Enqueue></Response>'
AGENT = '<Response><Dial action="/agent" {}><Queue {}>support</Queue></Dial></Response>'


@pytest.fixture
def line(app):
    app.answers["/voice"] = ENQUEUE
    app.answers["/wait"] = lambda asked: (
        f"<Response><Say>You are number {asked['QueuePosition']}</Say><Pause length='30'/></Response>"
    )
    app.answers["/left"] = lambda asked: f"<Response><Say>{asked['QueueResult']}</Say></Response>"
    app.answers["/agent"] = lambda asked: f"<Response><Say>{asked['DialCallStatus']}</Say></Response>"
    return app


@pytest.fixture
def agent(exchange, line):
    person = exchange.person("9")

    def dials(attributes="", noun=""):
        line.answers["/voice"] = AGENT.format(attributes, noun)
        person.dials()
        line.was_asked("/voice")
        return person

    return dials


def test_wait_document_gets_the_queue_position(line, exchange, ada, ben):
    ada.dials()
    ada.hears("You are number 1")
    ben.dials()
    ben.hears("You are number 2")
    ada.hangs_up()
    exchange.time_passes(30)
    exchange.time_passes(1)
    ben.hears("You are number 2", "You are number 1")
    asked = line.at("/wait")[0]
    assert asked["QueueSid"].startswith("QU")
    assert (asked["CurrentQueueSize"], asked["MaxQueueSize"], asked["QueueTime"]) == ("1", "1000", "0")


def test_first_caller_in_the_queue_is_connected(line, agent, ada, ben):
    ada.dials()
    ada.hears("You are number 1")
    ben.dials()
    ben.hears("You are number 2")
    somebody = agent()
    somebody.speaks("How can I help?")
    ada.hears("You are number 1", "How can I help?")
    ada.speaks("My screen is black")
    somebody.hears("My screen is black")
    assert ben.heard() == ["You are number 2"]
    ada.hangs_up()
    somebody.hears("My screen is black", "completed")
    assert line.was_asked("/left")[0]["QueueResult"] == "bridged"


def test_two_agents_get_different_callers(line, exchange, ada, ben):
    ada.dials()
    ada.hears("You are number 1")
    ben.dials()
    ben.hears("You are number 2")
    line.answers["/voice"] = AGENT.format("", "")
    one, two = exchange.person("7"), exchange.person("8")
    one.dials()
    two.dials()
    assert {person.listens_for("talk")["with"] for person in (one, two)} == {ada.number, ben.number}


def test_action_is_requested_when_the_agent_hangs_up(line, agent, ada):
    ada.dials()
    ada.hears("You are number 1")
    somebody = agent()
    somebody.listens_for("talk")
    somebody.hangs_up()
    ada.hears("You are number 1", "bridged")


def test_queue_time_does_not_include_the_conversation(line, exchange, agent, ada):
    ada.dials()
    ada.hears("You are number 1")
    exchange.time_passes(7)
    somebody = agent()
    somebody.listens_for("talk")
    exchange.time_passes(60)
    somebody.hangs_up()
    assert [line.was_asked(path)[0]["QueueTime"] for path in ("/left", "/agent")] == ["7", "7"]


def test_time_limit_ends_the_conversation(line, exchange, agent, ada):
    ada.dials()
    ada.hears("You are number 1")
    somebody = agent('timeLimit="60"')
    somebody.listens_for("talk")
    exchange.time_passes(60)
    somebody.hears("completed")
    ada.hears("You are number 1", "bridged")


def test_caller_hears_a_whisper_first(line, agent, ada):
    line.answers["/whisper"] = "<Response><Say>You will be connected</Say></Response>"
    ada.dials()
    ada.hears("You are number 1")
    somebody = agent(noun='url="/whisper"')
    somebody.speaks("Hello")
    ada.hears("You are number 1", "You will be connected", "Hello")
    asked = line.at("/whisper")[0]
    assert (asked["CallSid"], asked["DequeingCallSid"]) == (ada.sid, somebody.sid)


def test_agent_can_wait_for_the_next_caller(line, exchange, agent, ada):
    somebody = agent('timeout="20"')
    line.answers["/voice"] = ENQUEUE
    ada.dials()
    somebody.speaks("There you are")
    eventually(lambda: "There you are" in ada.heard())


def test_waiting_agent_times_out(line, exchange, agent):
    somebody = agent('timeout="20"')
    eventually(lambda: somebody.call()["status"] == "in-progress")
    exchange.time_passes(20)
    somebody.hears("no-answer")


def test_wait_document_may_leave_the_queue(line, ada):
    line.answers["/wait"] = "<Response><Leave/></Response>"
    ada.dials()
    ada.hears("leave")


def test_hanging_up_in_the_queue_is_reported(line, ada):
    ada.dials()
    ada.hears("You are number 1")
    ada.hangs_up()
    assert line.was_asked("/left")[0]["QueueResult"] == "hangup"


def test_failed_wait_document_gives_queue_result_error(line, exchange, ada):
    line.answers["/wait"] = lambda asked: web.Response(status=500)
    ada.dials()
    ada.hears("error")
    exchange.warns(11217)


def test_queues_can_be_created_listed_and_emptied_through_the_rest_api(line, exchange, ada, ben):
    client = exchange.client()
    queue = client.queues.create(friendly_name="support", max_size=1)
    ada.dials()
    ada.hears("You are number 1")
    ben.dials()
    ben.hears("queue-full")
    exchange.warns(14207)
    assert client.queues(queue.sid).fetch().current_size == 1
    (member,) = client.queues(queue.sid).members.list()
    assert (member.call_sid, member.position) == (ada.sid, 1)
    line.answers["/next"] = "<Response><Say>Your turn</Say></Response>"
    client.queues(queue.sid).members("Front").update(url=f"{line.origin}/next")
    ada.hears("You are number 1", "Your turn")
    ada.is_left_with("completed")
    assert [asked["QueueResult"] for asked in line.at("/left")] == ["queue-full", "redirected"]
    assert client.queues(queue.sid).update(max_size=5).max_size == 5
    assert client.queues(queue.sid).delete() is True


def test_caller_redirected_out_of_the_queue_is_reported_and_hears_only_the_new_document(line, client, ada):
    ada.dials()
    ada.hears("You are number 1")
    client.calls(ada.sid).update(twiml="<Response><Say>Your turn</Say></Response>")
    ada.hears("You are number 1", "Your turn")
    assert [asked["QueueResult"] for asked in line.was_asked("/left")] == ["redirected"]


def test_caller_redirected_during_the_conversation_was_bridged(line, agent, client, ada):
    ada.dials()
    ada.hears("You are number 1")
    somebody = agent()
    somebody.listens_for("talk")
    client.calls(ada.sid).update(twiml="<Response><Say>Thank you</Say></Response>")
    somebody.hears("completed")
    ada.hears("You are number 1", "Thank you")
    assert [asked["QueueResult"] for asked in line.was_asked("/left")] == ["redirected-from-bridged"]


def test_queue_needs_a_name(app, exchange, ada):
    app.answers["/voice"] = "<Response><Enqueue/></Response>"
    ada.dials()
    exchange.warns(14205)


def test_full_queue_admits_nobody(line, exchange, ada, ben):
    line.answers["/voice"] = ENQUEUE.replace("<Enqueue", '<Enqueue maxQueueSize="1"')
    ada.dials()
    ada.hears("You are number 1")
    ben.dials()
    ben.hears("queue-full")
    exchange.warns(14207)


def test_empty_queues_are_evicted_after_many_others(line, exchange, ada):
    ada.dials()
    ada.hears("You are number 1")
    queues = exchange.state.queues
    exchange.run(name_many(queues))
    assert len(queues) <= queues.max_items * 1.1 + 2
    assert [queue.name for queue in queues.values() if queue.members] == ["support"]


async def name_many(queues):
    for number in range(1000):
        queues.get_or_create("AC", f"queue {number}")


def test_queues_and_conferences_of_two_accounts_may_have_the_same_name(exchange):
    for places in (exchange.state.queues, exchange.state.conferences):
        ours, theirs = places.get_or_create("AC1", "support"), places.get_or_create("AC2", "support")
        assert ours is not theirs
        assert places.get_or_create("AC1", "support") is ours


def test_simultaneous_requests_for_the_front_get_different_members(line, exchange, client):
    line.answers["/next"] = "<Response><Pause length='30'/></Response>"
    people = [exchange.person(last) for last in "123456"]
    for person in people:
        person.dials()
        person.hears_more_than(0)
    (queue,) = client.queues.list()
    clients = [exchange.client() for _ in people]

    def next_caller(client):
        return client.queues(queue.sid).members("Front").update(url=f"{line.origin}/next").call_sid

    with ThreadPoolExecutor(len(people)) as threads:
        assert set(threads.map(next_caller, clients)) == {person.sid for person in people}


def test_member_who_hangs_up_during_the_whisper_was_not_connected(line, agent, ada):
    line.answers["/whisper"] = "<Response><Say>An agent is coming</Say><Pause length='20'/></Response>"
    ada.dials()
    ada.hears("You are number 1")
    agent("", 'url="/whisper"')
    ada.hears("You are number 1", "An agent is coming")
    ada.hangs_up()
    asked = line.was_asked("/agent")[0]
    assert (asked["DialCallStatus"], asked["DialBridged"]) == ("no-answer", "false")
    assert line.was_asked("/left")[0]["QueueResult"] == "hangup"


def test_refused_update_of_a_queue_changes_nothing(client):
    queue = client.queues.create(friendly_name="support")
    with pytest.raises(TwilioRestException):
        queue.update(friendly_name="sales", max_size=0)
    assert client.queues(queue.sid).fetch().friendly_name == "support"
