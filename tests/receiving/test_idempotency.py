"""f(f(x)) = f(x): ten copies of one webhook are one webhook."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import events
from receiving import idempotency, inbox
from receiving.idempotency import StoredResponse
from store import new_pipeline
from tests.support.person import TEXT_SID
from workers import pending_answers


def claim(redis, key=f"sms:{TEXT_SID}"):
    pipe = redis.pipeline(transaction=False)
    asked = idempotency.add_claim(pipe, key)
    return asked, pipe.execute()[-1]


def test_the_first_copy_gets_the_claim(redis):
    mine, found = claim(redis)
    assert idempotency.wait_for_response(redis, mine, found) is None


def test_a_copy_of_a_finished_delivery_gets_the_stored_reply_byte_for_byte(redis):
    mine, _ = claim(redis)
    reply = StoredResponse("<Response><Message>Café ☕</Message></Response>", "text/xml", 200)
    assert idempotency.complete(redis, new_pipeline(redis), mine, reply)
    again, found = claim(redis)
    assert idempotency.wait_for_response(redis, again, found) == reply


def test_a_copy_of_a_running_delivery_waits_for_its_reply(redis):
    mine, _ = claim(redis)
    again, found = claim(redis)
    naps = []

    def nap(seconds):
        naps.append(seconds)
        if len(naps) == 3:
            idempotency.complete(redis, new_pipeline(redis), mine, StoredResponse("late"))

    assert idempotency.wait_for_response(redis, again, found, nap) == StoredResponse("late")
    assert len(naps) == 3


def test_a_copy_does_not_wait_for_ever(redis, monkeypatch):
    monkeypatch.setattr(idempotency, "WAIT_TIMEOUT_SECONDS", 0.05)
    claim(redis)
    again, found = claim(redis)
    with pytest.raises(idempotency.StillRunning):
        idempotency.wait_for_response(redis, again, found)


def test_when_a_worker_died_the_next_copy_takes_over_at_the_end_of_its_lease(redis):
    dead, _ = claim(redis)
    again, found = claim(redis)
    assert idempotency.wait_for_response(redis, again, found, lambda _: redis.pexpire(dead.key, 0)) is None


def test_who_lost_the_lease_writes_nothing(redis):
    slow, _ = claim(redis)
    redis.delete(slow.key)
    claim(redis)
    pipe = new_pipeline(redis)
    pipe.set("vote", "twice")
    assert not idempotency.complete(redis, pipe, slow, StoredResponse("mine"))
    assert redis.get("vote") is None


def test_a_failure_gives_the_claim_back_at_once(redis):
    mine, _ = claim(redis)
    idempotency.release(redis, mine)
    assert claim(redis)[1] is None


def test_a_claim_is_remembered_for_a_week_since_twilio_signs_no_time(redis):
    mine, _ = claim(redis)
    idempotency.complete(redis, new_pipeline(redis), mine, StoredResponse())
    assert redis.ttl(mine.key) > 6 * 24 * 3600


def test_ten_copies_at_once_get_ten_equal_replies_and_one_effect(app, person, redis):
    together = threading.Barrier(10)
    fields = {"MessageSid": "SM" + "7" * 32, "From": person.number, "To": "+447700900100", "Body": "count"}

    def one(_):
        together.wait()
        return person.post("/sms", fields)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(one, range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert len({answer.data for answer in answers}) == 1
    assert app.extensions["queues"].by_name["texters"].count == 1
    assert redis.zcard(pending_answers.OPEN_KEY) == 1
    assert [event.type for event in events.read_latest(redis, 100)].count("text.received") == 1


def test_a_coin_that_was_flipped_stays_as_it_fell(person):
    fell = {person.texts("flip", sid=TEXT_SID) for _ in range(20)}
    assert len(fell) == 1


def test_a_crash_between_claim_and_commit_leaves_nothing_and_the_retry_does_it(app, person, redis, monkeypatch):
    """The process dies after the claim: no reply, no event, no job, and the lease runs out."""
    monkeypatch.setattr(idempotency, "complete", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        person.texts("count", sid=TEXT_SID)
    assert redis.zcard(pending_answers.OPEN_KEY) == 0
    assert not [event for event in events.read_latest(redis, 10) if event.type.startswith("text.")]
    monkeypatch.undo()
    redis.pexpire(f"claim:sms:{TEXT_SID}", 0)
    assert person.texts("count", sid=TEXT_SID)
    assert redis.zcard(pending_answers.OPEN_KEY) == 1


def test_the_inbox_keeps_each_request_as_it_came(person, redis):
    person.texts("Café + it's", sid=TEXT_SID)
    name, delivery, _ = inbox.latest(redis)[0]
    assert delivery["Body"] == "Café + it's"
    assert delivery.url == "https://talk.example/sms"
    assert inbox.find(redis, name) == delivery


def test_the_inbox_forgets_after_three_quiet_days(person, redis):
    person.texts("time")
    assert 0 < redis.ttl(inbox.STREAM) <= 3 * 24 * 3600
