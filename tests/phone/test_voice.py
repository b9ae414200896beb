"""Calls: the greeting, the menu, and answers to fast and slow commands."""

import time
from dataclasses import replace

import pytest

import events
from tests.support.person import RECORDING_SID, Person
from workers import answer_delivery, call_state, pending_answers


def pending_answer(redis):
    return pending_answers.load(redis, redis.zrange(pending_answers.OPEN_KEY, 0, 0)[0].decode())


def answer(redis, words, route=""):
    """The task has its answer; the call has not been updated."""
    ask = pending_answer(redis)
    pending_answers.settle(redis, ask, "answered", words)
    if route:
        pending_answers.claim_route(redis, replace(ask, route=""), route)
    return ask


@pytest.fixture
def caller(person):
    return person.dials()


@pytest.fixture
def waiting_caller(caller):
    return caller.presses("4")


def test_caller_hears_the_greeting_and_the_menu(caller):
    assert "Hello, this is Call and Response." in caller.heard
    assert "Press 1, or say time, for the local time." in caller.heard


def test_caller_presses_a_key_and_hears_the_answer(caller):
    assert "It is " in caller.presses("1").heard


@pytest.mark.parametrize("words", ["time", "Time.", "the time, please", "what time is it"])
def test_caller_says_the_command(caller, words):
    assert "It is " in caller.says(words).heard


def test_same_key_twice_is_two_commands(caller, redis):
    caller.presses("1").presses("1")
    assert [event.data.get("words") for event in events.read_latest(redis, 50)].count("pressed 1") == 2


def test_star_leads_back_to_the_menu(caller):
    assert "Press 1, or say time" in caller.presses("1").presses("*").heard


def test_unassigned_key_is_not_understood(caller):
    assert "Sorry, I did not get that." in caller.presses("7").heard


def test_unknown_words_are_not_understood(caller):
    assert "Sorry, I did not get that." in caller.says("purple monkey").heard


def test_goodbye_by_key_and_by_word(caller, post_as_twilio):
    assert caller.presses("#").verbs == ["Say", "Hangup"]
    other = Person(post_as_twilio)
    other.call_sid = "CA" + "1" * 32
    assert other.dials().says("goodbye then").verbs == ["Say", "Hangup"]


def test_silent_caller_is_asked_three_times_before_the_call_ends(caller):
    caller.waits().waits()
    assert "I did not hear anything" in caller.heard
    assert caller.waits().verbs == ["Say", "Hangup"]


def test_slow_command_is_queued_and_the_caller_always_hears_something(waiting_caller, app):
    assert "I am counting everything" in waiting_caller.heard
    assert app.extensions["queues"].by_name["callers"].count == 1
    for _ in range(8):
        waiting_caller.waits()
        assert waiting_caller.heard
        assert waiting_caller.verbs == ["Say", "Play", "Redirect"]


def test_waiting_documents_say_different_sentences(waiting_caller):
    said = {waiting_caller.waits().heard for _ in range(4)}
    assert len(said) == 4


def test_waiting_caller_hears_the_progress(waiting_caller, redis):
    redis.hset(f"pending-answer:{pending_answer(redis).id}", "progress", "4,000 of 10,000 read")
    assert "4,000 of 10,000 read" in waiting_caller.waits().heard


def test_waiting_document_speaks_the_answer(waiting_caller, redis):
    answer(redis, "Nobody has asked.")
    assert "Nobody has asked." in waiting_caller.waits().heard
    assert waiting_caller.next.startswith("/voice/menu")


def test_live_update_speaks_the_answer(waiting_caller, redis):
    ask = answer(redis, "Nobody has asked.", route="update")
    waiting_caller._listens(f"/voice/answer?answer={ask.id}&doc=4", {})
    assert "Nobody has asked." in waiting_caller.heard


def test_late_fetch_of_the_replaced_document_does_not_repeat_the_answer(waiting_caller, redis):
    ask, old = answer(redis, "Nobody has asked.", route="update"), waiting_caller.redirect
    waiting_caller._listens(f"/voice/answer?answer={ask.id}&doc=4", {})
    waiting_caller._listens(old, {})
    assert "Nobody has asked." not in waiting_caller.heard


def test_waiting_document_leaves_the_answer_to_an_update_in_progress(waiting_caller, redis):
    ask = answer(redis, "Nobody has asked.", route="update")
    assert "Nobody" not in waiting_caller.waits().heard
    waiting_caller._listens(f"/voice/answer?answer={ask.id}&doc=4", {})
    assert "Nobody has asked." in waiting_caller.heard


def test_waiting_document_replaces_a_lost_update(waiting_caller, redis):
    ask = answer(redis, "Nobody has asked.", route="update")
    redis.hset(f"pending-answer:{ask.id}", "routed_at", time.time() - answer_delivery.UPDATE_TIMEOUT_SECONDS - 1)
    assert "Nobody has asked." in waiting_caller.waits().heard
    waiting_caller._listens(f"/voice/answer?answer={ask.id}&doc=9", {})
    assert "You have already heard the answer." in waiting_caller.heard


def test_key_pressed_after_a_late_update_is_not_taken_for_an_earlier_one(waiting_caller, redis):
    ask = answer(redis, "Nobody has asked.", route="update")
    redis.hset(f"pending-answer:{ask.id}", "routed_at", time.time() - answer_delivery.UPDATE_TIMEOUT_SECONDS - 1)
    waiting_caller.waits().presses("1").presses("1")
    waiting_caller._listens(f"/voice/answer?answer={ask.id}&doc=3", {})
    assert "coin" in waiting_caller.presses("2").heard


def test_waiting_document_says_that_the_answer_went_as_a_text(waiting_caller, redis):
    answer(redis, "Nobody has asked.", route="text")
    assert "as a text" in waiting_caller.waits().heard


def test_failed_task_is_spoken(waiting_caller, redis):
    pending_answers.settle(redis, pending_answer(redis), "failed", answer_delivery.FAILURE_MESSAGE)
    assert "went wrong on our side" in waiting_caller.waits().heard


def test_overdue_task_is_spoken_and_leads_back_to_the_menu(waiting_caller, redis):
    redis.hset(f"pending-answer:{pending_answer(redis).id}", "deadline", time.time() - 1)
    assert "could not work that out in time" in waiting_caller.waits().heard
    assert waiting_caller.next.startswith("/voice/menu")
    assert redis.zcard(pending_answers.OPEN_KEY) == 0


def test_caller_hears_an_answer_that_comes_at_the_deadline_and_no_apology(waiting_caller, redis, monkeypatch):
    redis.hset(f"pending-answer:{pending_answer(redis).id}", "deadline", time.time() - 1)
    settle = pending_answers.settle

    def is_late(store, pending, state, words):
        monkeypatch.undo()
        assert settle(store, pending, "answered", "Nobody has asked.")
        return settle(store, pending, state, words)

    monkeypatch.setattr(pending_answers, "settle", is_late)
    assert "Nobody has asked." in waiting_caller.waits().heard
    assert "Sorry" not in waiting_caller.heard


def test_caller_hears_an_answer_whose_live_update_begins_meanwhile_and_fails(waiting_caller, redis, monkeypatch):
    ask = answer(redis, "Nobody has asked.")
    claim_route = pending_answers.claim_route

    def is_too_late(store, pending, *arguments):
        monkeypatch.undo()
        assert claim_route(store, pending, "update")
        return claim_route(store, pending, *arguments)

    monkeypatch.setattr(pending_answers, "claim_route", is_too_late)
    assert waiting_caller.waits().verbs == ["Play", "Redirect"]  # the update may still speak the answer
    pending_answers.claim_route(redis, replace(ask, route="update"), "")
    assert "Nobody has asked." in waiting_caller.waits().heard


def test_check_asks_for_the_address_and_understands_it_spoken(caller, redis):
    assert "Which web address?" in caller.presses("3").heard
    assert "I am checking example.com." in caller.says("example dot com slash news").heard
    assert pending_answer(redis).words == "example.com/news"


def test_answer_is_only_spoken_to_the_caller_who_asked(waiting_caller, post_as_twilio, redis):
    ask = answer(redis, "A secret.")
    other = Person(post_as_twilio)
    other.call_sid = "CA" + "2" * 32
    other._listens(f"/voice/wait?doc=3&answer={ask.id}", {})
    assert "secret" not in other.heard


def test_recorded_message_is_processed_once(caller, redis, app):
    assert "Record" in caller.presses("9").verbs
    assert "Thank you" in caller._listens(caller.next, {"Digits": "#", "RecordingDuration": "4"}).heard
    ready = {
        "RecordingSid": RECORDING_SID,
        "RecordingStatus": "completed",
        "CallSid": caller.call_sid,
        "RecordingDuration": "4",
    }
    assert caller.post("/voice/recording", ready).status_code == 204
    assert caller.post("/voice/recording", ready).status_code == 204
    assert app.extensions["queues"].by_name["texters"].count == 1


def test_end_of_a_call_becomes_one_event(caller, redis):
    over = {"CallSid": caller.call_sid, "CallStatus": "completed", "CallDuration": "12"}
    for _ in range(3):
        assert caller.post("/voice/status", over).status_code == 204
    assert [event.type for event in events.read_latest(redis, 50)].count("call.ended") == 1
    assert not call_state.load(redis, caller.call_sid).is_live


def test_hanging_up_while_waiting_queues_the_answer_for_delivery(waiting_caller, app):
    over = {"CallSid": waiting_caller.call_sid, "CallStatus": "completed"}
    waiting_caller.post("/voice/status", over)
    assert f"after-{waiting_caller.call_sid}" in app.extensions["queues"].by_name["callers"].job_ids


@pytest.mark.parametrize("doc", ["", "-1", "x", "99999999999999999999", "1%00"])
def test_invalid_document_number_is_ignored(caller, doc):
    assert "It is " in caller._listens(f"/voice/menu?doc={doc}", {"Digits": "1"}).heard
