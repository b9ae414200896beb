"""Conversations by text and phone with all processes running, and faults of Twilio during them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from twilio.rest import Client


def test_fast_command_by_text(handset):
    handset.texts("time")
    handset.gets("It is ")


def test_slow_command_by_text_is_answered_once(handset, deployment):
    handset.texts("count")
    handset.gets("I will text you the answer")
    handset.gets("asked this number")
    assert len([body for body in handset.received() if "asked this number" in body]) == 1


def test_check_of_a_web_site(handset, site):
    handset.texts(f"check {site.address}")
    handset.gets("I am checking")
    answer = handset.gets("is up and")
    assert "127.0.0.1" in answer


def test_check_of_an_unknown_name(handset):
    handset.texts("check nobody.invalid")
    assert "nobody.invalid" in handset.gets("does not exist")


def test_caller_presses_a_key_and_hears_the_answer(handset):
    handset.dials().hears("Hello, this is Call and Response.")
    handset.presses("1")
    handset.hears("It is ")
    handset.presses("#")
    handset.hears("Goodbye")
    handset.deployment.until(lambda: handset.status() == "completed", "the call is over")


def test_caller_hears_a_slow_answer_once(handset):
    handset.dials().hears("Press 4")
    handset.presses("4")
    handset.hears("asked this number")
    handset.presses("1")
    handset.hears("It is ")
    assert len([said for said in handset.heard() if "asked this number" in said]) == 1
    handset.hangs_up()


def test_caller_says_the_command(handset):
    handset.dials().hears("Press 1")
    handset.says("what time is it please")
    handset.hears("It is ")
    handset.hangs_up()


def test_caller_who_hangs_up_gets_a_text(handset, site):
    site.delay()
    handset.dials().hears("Press 3")
    handset.presses("3")
    handset.hears("Which web address?")
    handset.says(site.address)
    handset.hears("I am checking")
    handset.hangs_up()
    handset.deployment.until(lambda: handset.status() == "completed", "the call is over")
    site.respond()
    handset.gets("is up and")
    assert len(handset.received()) == 1


def test_waiting_caller_hears_progress_until_the_answer(handset, site):
    site.delay()
    handset.dials().hears("Press 3")
    handset.presses("3")
    handset.hears("Which web address?")
    handset.says(site.address)
    handset.hears("Still working on it.")
    site.respond()
    handset.hears("is up and")
    handset.presses("#")
    handset.hears("Goodbye")
    assert handset.received() == []


def test_recorded_message_is_measured(handset, deployment):
    handset.dials().hears("Press 9")
    handset.presses("9")
    handset.hears("after the tone")
    deployment.until(lambda: (deployment.get(handset.call)["listening"] or {}).get("record"), "it records")
    handset.says("hello from the back row, this is quite a message")
    handset.presses("#")
    handset.hears("Thank you")

    def drawn():
        import events

        return [event for event in events.read_latest(deployment.redis, 500) if event.type == "recording.ready"]

    facts = deployment.until(drawn, "the recording was measured")[-1].data
    assert facts["seconds"] > 0
    assert max(facts["peaks"]) > 0


def test_stop_and_start_are_answered_by_twilio(handset):
    handset.texts("STOP")
    handset.gets("unsubscribed")
    handset.texts("START")
    handset.texts("time")
    handset.gets("It is ")


def test_thirty_people_at_once_are_answered(deployment):
    from tests.support.deployment import Handset

    crowd = [Handset(deployment, f"+4477009005{number:02d}") for number in range(30)]
    with ThreadPoolExecutor(30) as pool:
        list(pool.map(lambda one: one.texts("count"), crowd))
    for one in crowd:
        one.gets("asked this number")
        assert len([body for body in one.received() if "asked this number" in body]) == 1


def test_answers_come_from_the_number_that_was_texted(handset, deployment):
    second = "+12025550177"
    account = Client(deployment.environ["TWILIO_ACCOUNT_SID"], deployment.environ["TWILIO_AUTH_TOKEN"])
    account.api.base_url = deployment.exchange
    account.incoming_phone_numbers.create(phone_number=second, sms_url=f"{deployment.web}/sms", sms_method="POST")
    deployment.post(f"{handset.door}/texts", {"body": "count", "to": second})
    handset.gets("Most often")
    texts = deployment.get(f"{handset.door}/texts")["texts"]
    assert {text["from"] for text in texts if text["direction"] == "received"} == {second}


def answers_to(handset):
    return [body for body in handset.received() if "asked this number" in body]


def all_is_settled(deployment):
    deployment.until(lambda: not deployment.redis.exists("outbox:due", "outbox:waiting"), "no text is unsettled")


def test_webhook_delivered_ten_times_has_one_effect(damaged_deployment, me):
    damaged_deployment.fault("webhook-duplicate", channel="sms", copies=10)
    me.texts("count")
    me.gets("asked this number")
    damaged_deployment.until(lambda: damaged_deployment.redis.zcard("pending-answers:open") == 0, "nothing is open")
    assert len(answers_to(me)) == 1


def test_text_whose_response_was_lost_is_not_sent_again(damaged_deployment, me):
    damaged_deployment.fault("rest-drop", path="Messages")
    me.texts("count")
    me.gets("asked this number")
    all_is_settled(damaged_deployment)
    assert len(answers_to(me)) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_text_is_sent_after_errors_of_twilio(damaged_deployment, me, status):
    damaged_deployment.fault("rest-refuse", path="Messages", status=status, times=2)
    me.texts("count")
    me.gets("asked this number")
    all_is_settled(damaged_deployment)
    assert len(answers_to(me)) == 1


def test_waiting_document_replaces_a_refused_update(damaged_deployment, me):
    me.dials().hears("Press 4")
    damaged_deployment.fault("rest-refuse", path="Calls", status=503, times=5)
    me.presses("4")
    me.hears("asked this number")


def test_answer_is_spoken_once_if_an_old_document_is_fetched_late(damaged_deployment, me, site):
    damaged_deployment.fault("stale-document", times=3)
    site.delay()
    me.dials().hears("Press 3")
    me.presses("3")
    me.hears("Which web address?")
    me.says(site.address)
    damaged_deployment.until(lambda: site.visits, "a worker is at it")
    site.respond()
    me.hears("is up and")
    me.presses("#")
    me.hears("Goodbye")
    assert len([said for said in me.heard() if "is up and" in said]) == 1
