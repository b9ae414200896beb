"""Idempotency: duplicates of a webhook have one effect and get one response."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import events
from receiving import idempotency
from receiving.idempotency import StoredResponse
from store import batching, new_pipeline
from tests.support.person import TEXT_SID
from workers import pending_answers


def claim(redis, key=f"sms:{TEXT_SID}"):
    pipe = redis.pipeline(transaction=False)
    asked = idempotency.add_claim(pipe, key)
    return asked, pipe.execute()[-1]


def test_first_delivery_gets_the_claim(redis):
    mine, found = claim(redis)
    assert idempotency.wait_for_response(redis, mine, found) is None


def test_duplicate_gets_the_stored_response_byte_for_byte(redis):
    mine, _ = claim(redis)
    reply = StoredResponse("<Response><Message>Café ☕</Message></Response>", "text/xml", 200)
    assert idempotency.complete(redis, new_pipeline(redis), mine, reply)
    again, found = claim(redis)
    assert idempotency.wait_for_response(redis, again, found) == reply


def test_concurrent_duplicate_waits_for_the_response(redis):
    mine, _ = claim(redis)
    again, found = claim(redis)
    naps = []

    def nap(seconds):
        naps.append(seconds)
        if len(naps) == 3:
            idempotency.complete(redis, new_pipeline(redis), mine, StoredResponse("late"))

    assert idempotency.wait_for_response(redis, again, found, nap) == StoredResponse("late")
    assert len(naps) == 3


def test_concurrent_duplicate_gives_up_waiting(redis, monkeypatch):
    monkeypatch.setattr(idempotency, "WAIT_TIMEOUT_SECONDS", 0.05)
    claim(redis)
    again, found = claim(redis)
    with pytest.raises(idempotency.StillRunning):
        idempotency.wait_for_response(redis, again, found)


def test_duplicate_takes_over_after_an_expired_lease(redis):
    dead, _ = claim(redis)
    again, found = claim(redis)
    assert idempotency.wait_for_response(redis, again, found, lambda _: redis.pexpire(dead.key, 0)) is None


def test_lease_of_a_dead_process_expires_while_twilio_still_waits_for_the_copy(redis):
    dead, _ = claim(redis)
    assert redis.pttl(dead.key) / 1000 + 3 < idempotency.WAIT_TIMEOUT_SECONDS


def test_lost_lease_commits_nothing(redis):
    slow, _ = claim(redis)
    redis.delete(slow.key)
    claim(redis)
    pipe = new_pipeline(redis)
    pipe.set("vote", "twice")
    assert not idempotency.complete(redis, pipe, slow, StoredResponse("mine"))
    assert redis.get("vote") is None


def test_failure_releases_the_claim(redis):
    mine, _ = claim(redis)
    idempotency.release(redis, mine)
    assert claim(redis)[1] is None


def test_claim_lasts_a_week_because_twilio_signs_no_timestamp(redis):
    mine, _ = claim(redis)
    idempotency.complete(redis, new_pipeline(redis), mine, StoredResponse())
    assert redis.ttl(mine.key) > 6 * 24 * 3600


def test_ten_concurrent_duplicates_get_one_response_and_have_one_effect(app, person, redis):
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


def test_commit_sent_twice_because_its_reply_was_lost_counts_as_new(redis, monkeypatch):
    """The store runs the commands, but the connection breaks before the reply arrives."""
    execute = batching.execute

    def execute_twice(redis, commands):
        execute(redis, commands)
        return execute(redis, commands)

    monkeypatch.setattr(batching, "execute", execute_twice)
    pipe = new_pipeline(redis)
    events.publish(pipe, "webhook.received")
    assert idempotency.commit_once(redis, pipe, "webhook:1", 60)
    monkeypatch.undo()
    assert not idempotency.commit_once(redis, pipe, "webhook:1", 60)
    assert len(events.read_latest(redis, 10)) == 1


def test_random_result_is_the_same_for_duplicates(person):
    fell = {person.texts("flip", sid=TEXT_SID) for _ in range(20)}
    assert len(fell) == 1


def test_retry_after_a_crash_before_commit_does_the_work(app, person, redis, monkeypatch):
    """The process dies after the claim: no response, event or job exists, and the lease expires."""
    monkeypatch.setattr(idempotency, "complete", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        person.texts("count", sid=TEXT_SID)
    assert redis.zcard(pending_answers.OPEN_KEY) == 0
    assert not [event for event in events.read_latest(redis, 10) if event.type.startswith("text.")]
    monkeypatch.undo()
    redis.pexpire(f"claim:sms:{TEXT_SID}", 0)
    assert person.texts("count", sid=TEXT_SID)
    assert redis.zcard(pending_answers.OPEN_KEY) == 1
