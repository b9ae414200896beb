"""What goes wrong on stage: processes are killed, webhooks doubled, answers lost. The person still gets one answer."""

import pytest

from workers import pending_answers

WITHIN_A_MINUTE = 60.0


@pytest.fixture
def me(struck_town, handset):
    """Somebody whose call ends before the town is healed."""
    return handset


def answers(handset, words="is up and"):
    return [body for body in handset.received() if words in body]


def asks_for_something_slow(town, me, site):
    """By text; a worker is at it, and will be until the site goes on."""
    site.holds()
    me.texts(f"check {site.address}")
    town.until(lambda: site.visits, "a worker is at it")


def calls_for_something_slow(town, me, site):
    """The same by telephone."""
    site.holds()
    me.dials().hears("Press 3")
    me.presses("3")
    me.hears("Which web address?")
    me.says(site.address)
    town.until(lambda: site.visits, "a worker is at it")


def test_a_worker_killed_in_the_middle_of_slow_work_still_gives_one_answer(struck_town, me, site):
    asks_for_something_slow(struck_town, me, site)
    struck_town.kill("worker")
    struck_town.start("worker")
    site.goes_on()
    me.gets("is up and", WITHIN_A_MINUTE)
    assert len(answers(me)) == 1
    assert pending_answers.list_overdue(struck_town.redis, 9e12) == []


def test_a_caller_hears_the_answer_though_the_worker_was_killed(struck_town, me, site):
    calls_for_something_slow(struck_town, me, site)
    struck_town.kill("worker")
    struck_town.start("worker")
    site.goes_on()
    me.hears("is up and", WITHIN_A_MINUTE)
    assert len([said for said in me.heard() if "is up and" in said]) == 1


def test_a_webhook_delivered_ten_times_at_once_has_one_effect(struck_town, me):
    struck_town.fault("webhook-duplicate", channel="sms", copies=10)
    me.texts("count")
    me.gets("asked this number")
    struck_town.until(lambda: struck_town.redis.zcard("pending-answers:open") == 0, "nothing is open")
    assert len(answers(me, "asked this number")) == 1


def test_the_store_killed_and_started_again_has_lost_nothing(struck_town, me, site):
    asks_for_something_slow(struck_town, me, site)
    struck_town.kill("store")
    struck_town.start("store")
    site.goes_on()
    me.texts("time")
    me.gets("It is ")
    # Whether the site was up or too slow depends on how long the store was gone; that there is one answer does not.
    struck_town.until(lambda: answers(me, "127.0.0.1 "), "the answer came", WITHIN_A_MINUTE)
    assert len(answers(me, "127.0.0.1 ")) == 1
    assert struck_town.redis.zcard("pending-answers:open") == 0


def test_while_the_store_is_gone_a_person_is_told_by_the_fallback(struck_town, me):
    struck_town.kill("store")
    me.texts("time")
    me.gets("We are having trouble")
    me.dials().hears("something went wrong on our side")


def test_a_web_process_killed_is_no_ones_trouble_for_long(struck_town, me):
    struck_town.kill("web")
    struck_town.start("web")
    me.texts("time")
    me.gets("It is ")


def test_when_twilio_does_the_work_and_its_answer_is_lost_the_text_is_looked_up_and_not_sent_again(struck_town, me):
    struck_town.fault("rest-drop", path="Messages")
    me.texts("count")
    me.gets("asked this number")
    struck_town.until(lambda: struck_town.redis.zcard("outbox:due") == 0, "no effect is in doubt")
    assert len(answers(me, "asked this number")) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_when_twilio_is_in_trouble_the_text_comes_later(struck_town, me, status):
    struck_town.fault("rest-refuse", path="Messages", status=status, times=2)
    me.texts("count")
    me.gets("asked this number")
    struck_town.until(lambda: struck_town.redis.zcard("outbox:due") == 0, "no effect is in doubt")
    assert len(answers(me, "asked this number")) == 1


def test_a_live_update_that_is_refused_is_made_up_for_by_the_waiting_document(struck_town, me):
    me.dials().hears("Press 4")
    struck_town.fault("rest-refuse", path="Calls", status=503, times=5)
    me.presses("4")
    me.hears("asked this number")


def test_when_the_old_documents_fetch_overtakes_the_update_the_answer_is_still_spoken_once(struck_town, me, site):
    struck_town.fault("stale-document", times=3)
    calls_for_something_slow(struck_town, me, site)
    site.goes_on()
    me.hears("is up and")
    me.presses("#")
    me.hears("Goodbye")
    assert len([said for said in me.heard() if "is up and" in said]) == 1
