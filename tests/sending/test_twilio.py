"""Messages and calls through Twilio's REST API: each is sent once, or refused with a reason."""

import itertools
import socket
import time
from dataclasses import replace

import pytest
from twilio.base.exceptions import TwilioRestException
from urllib3.util import connection

import events
from sending import opt_outs, outbox, outdated_answers, rate_limits_per_person
from sending.outbox import OutboundMessage
from sending.twilio.calls_and_media import CallEnded
from sending.twilio.gateway import TwilioGateway
from store import commit_if_unchanged, new_pipeline
from tests.support.environment import SECRETS
from tests.support.ports import reserved_port
from tests.support.waiting import eventually

counter = itertools.count(301)


@pytest.fixture
def somebody():
    return f"+447700900{next(counter)}"


@pytest.fixture
def telephone(settings, redis, exchange):
    return TwilioGateway(replace(settings, twilio_api_url=exchange.url), redis)


@pytest.fixture
def planned(redis, somebody):
    """A text that is planned, and waits to be sent."""
    effect = OutboundMessage("answer:1", somebody, "It is done.", "SM1")
    pipe = new_pipeline(redis)
    outbox.plan(pipe, effect)
    assert commit_if_unchanged(redis, pipe, "outbox:answer:1", "", field="state")
    return effect


def state(redis):
    return outbox.load(redis, "answer:1").state


def test_planned_text_is_sent_and_gets_a_sid(telephone, planned, redis, exchange, somebody):
    assert telephone.send_text("answer:1") == "sent"
    assert outbox.load(redis, "answer:1").sid.startswith("SM")
    assert exchange.sent_to(somebody) == ["It is done."]
    assert outbox.list_due(redis, 9e12) == []


@pytest.mark.parametrize("public_url", ["", "https://talk.example"])
def test_a_text_keeps_its_words_only_if_its_final_status_will_be_reported(telephone, planned, redis, public_url):
    telephone.settings = replace(telephone.settings, public_url=public_url)
    assert telephone.send_text("answer:1") == "sent"
    assert redis.hexists("outbox:answer:1", "body") is bool(public_url)
    assert telephone.send_text("answer:1") == "sent"


def test_sending_again_does_nothing(telephone, planned, exchange, somebody):
    for _ in range(5):
        assert telephone.send_text("answer:1") == "sent"
    assert exchange.sent_to(somebody) == ["It is done."]


def test_concurrent_workers_send_once(telephone, planned, exchange, somebody):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(telephone.send_text, ["answer:1"] * 8))
    assert set(states) <= {"sent", "sending"}
    assert exchange.sent_to(somebody) == ["It is done."]


def test_planning_twice_changes_nothing(telephone, planned, redis):
    telephone.send_text("answer:1")
    pipe = new_pipeline(redis)
    outbox.plan(pipe, replace(planned, body="Something else."))
    commit_if_unchanged(redis, pipe, "outbox:answer:1", "sent", field="state")
    assert (state(redis), outbox.load(redis, "answer:1").body) == ("sent", "It is done.")


def test_event_has_the_segments_but_no_number(telephone, planned, redis, somebody):
    telephone.send_text("answer:1")
    event = events.read_latest(redis, 1)[0]
    assert (event.type, event.data["segments"]) == ("text.sent", 1)
    assert somebody not in str(event)


def test_notification_has_its_own_subject(telephone, redis, somebody):
    pipe = new_pipeline(redis)
    outbox.plan(pipe, OutboundMessage("notify-text:1", somebody, "A pull request.", ""))
    commit_if_unchanged(redis, pipe, "x", "")
    telephone.send_text("notify-text:1")
    assert events.read_latest(redis, 1)[0].subject == outbox.load(redis, "notify-text:1").sid != ""


def test_long_text_is_shortened(telephone, redis, exchange, somebody):
    pipe = new_pipeline(redis)
    outbox.plan(pipe, OutboundMessage("answer:1", somebody, "A sentence of some length. " * 60, "SM1"))
    commit_if_unchanged(redis, pipe, "x", "")
    assert telephone.send_text("answer:1") == "sent"
    assert exchange.sent_to(somebody)[0].endswith("length. [cut]")


class TestTrouble:
    """Twilio's failures."""

    def test_429_is_retried_later(self, telephone, planned, redis, exchange, somebody):
        exchange.post("/faults", kind="rest-refuse", path="Messages", status=429)
        began = time.time()
        assert telephone.send_text("answer:1") == "planned"
        assert began < redis.zscore(outbox.DUE_KEY, "answer:1") < time.time() + 3
        assert telephone.send_text("answer:1") == "sent"
        assert exchange.sent_to(somebody) == ["It is done."]

    @pytest.mark.parametrize(("code", "seconds"), [(20429, 2), (21611, 60), (63038, 600)])
    def test_limits_of_twilio_pause_all_texts_and_lose_none(self, telephone, planned, redis, code, seconds):
        began, started = time.time(), outbox.start_sending(redis, planned)
        error = TwilioRestException(429 if code != 21611 else 400, "/Messages", "limit", code)
        assert started and telephone._handle_error(planned, error) == "planned"
        assert began + seconds / 2 <= redis.zscore(outbox.DUE_KEY, "answer:1") <= time.time() + seconds
        assert telephone.release(10, {outbox.WAITING_KEY: 1.0}) == []
        assert outbox.load(redis, "answer:1").tries == 0

    def test_503_is_looked_up_before_sending_again(self, telephone, planned, redis, exchange, somebody):
        exchange.post("/faults", kind="rest-refuse", path="Messages", status=503)
        assert telephone.send_text("answer:1") == "unknown"
        assert telephone.send_text("answer:1") == "planned"
        assert telephone.send_text("answer:1") == "sent"
        assert exchange.sent_to(somebody) == ["It is done."]

    def test_dropped_text_is_not_taken_for_its_next_try(self, telephone, planned, redis, exchange, somebody):
        telephone.send_text("answer:1")
        outbox.postpone(redis, outbox.load(redis, "answer:1"), "sent", time.time(), "Twilio dropped it")
        exchange.post("/faults", kind="rest-refuse", path="Messages", status=503)
        assert telephone.send_text("answer:1") == "unknown"
        assert telephone.send_text("answer:1") == "planned"
        assert telephone.send_text("answer:1") == "sent"
        assert exchange.sent_to(somebody) == ["It is done."] * 2

    def test_text_with_a_lost_response_is_found_and_not_sent_again(self, telephone, planned, redis, exchange, somebody):
        exchange.post("/faults", kind="rest-drop", path="Messages")
        assert telephone.send_text("answer:1") == "unknown"
        assert telephone.send_text("answer:1") == "sent"
        assert exchange.sent_to(somebody) == ["It is done."]

    def test_state_stays_unknown_while_twilio_fails(self, telephone, planned, redis, exchange, somebody):
        exchange.post("/faults", kind="rest-refuse", path="Messages", status=503, times=3)
        assert [telephone.send_text("answer:1") for _ in range(3)] == ["unknown"] * 3
        assert exchange.sent_to(somebody) == []

    def test_process_killed_after_sending_does_not_send_twice(
        self, telephone, planned, redis, exchange, somebody, monkeypatch
    ):
        monkeypatch.setattr(outbox, "settle", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            telephone.send_text("answer:1")
        monkeypatch.undo()
        assert state(redis) == "sending"
        assert telephone.send_text("answer:1") == "sending", "its process may still live"
        redis.hset("outbox:answer:1", "started_at", time.time() - outbox.SENDING_TIMEOUT_SECONDS - 1)
        assert telephone.send_text("answer:1") == "sent"
        assert exchange.sent_to(somebody) == ["It is done."]

    def test_process_killed_before_sending_is_replaced(self, telephone, planned, redis, exchange, somebody):
        outbox.start_sending(redis, planned)
        redis.hset("outbox:answer:1", "started_at", time.time() - outbox.SENDING_TIMEOUT_SECONDS - 1)
        assert telephone.send_text("answer:1") == "planned"
        assert telephone.send_text("answer:1") == "sent"
        assert exchange.sent_to(somebody) == ["It is done."]

    def test_equal_text_of_another_message_is_not_mistaken_for_it(self, telephone, planned, redis, exchange, somebody):
        pipe = new_pipeline(redis)
        outbox.plan(pipe, OutboundMessage("answer:2", somebody, "It is done.", "SM2"))
        commit_if_unchanged(redis, pipe, "outbox:answer:2", "", field="state")
        assert telephone.send_text("answer:2") == "sent"
        exchange.post("/faults", kind="rest-refuse", path="Messages", status=500)
        assert telephone.send_text("answer:1") == "unknown"
        assert telephone.send_text("answer:1") == "planned"

    def test_refused_connection_leaves_the_message_planned(self, settings, redis, planned):
        nobody = TwilioGateway(replace(settings, twilio_api_url=f"http://127.0.0.1:{reserved_port()}"), redis)
        assert nobody.send_text("answer:1") == "planned"

    def test_name_that_cannot_be_resolved_leaves_the_message_planned(self, settings, redis, planned, monkeypatch):
        def fail(*_, **__):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

        nowhere = TwilioGateway(replace(settings, twilio_api_url="http://api.nowhere.example"), redis)
        redis.ping()
        monkeypatch.setattr(socket, "getaddrinfo", fail)
        assert nowhere.send_text("answer:1") == "planned"

    def test_text_is_not_sent_after_a_name_lookup_so_slow_that_another_process_has_sent_it(
        self, telephone, planned, redis, exchange, somebody, monkeypatch
    ):
        connect, monotonic, lookups = connection.create_connection, time.monotonic, []

        def look_up_slowly(*args, **options):
            lookups.append(args)
            if len(lookups) == 1:
                redis.hset("outbox:answer:1", "started_at", time.time() - outbox.SENDING_TIMEOUT_SECONDS - 1)
                other = TwilioGateway(telephone.settings, redis)
                assert [other.send_text("answer:1"), other.send_text("answer:1")] == ["planned", "sent"]
                monkeypatch.setattr(time, "monotonic", lambda: monotonic() + outbox.SENDING_TIMEOUT_SECONDS + 1)
            return connect(*args, **options)

        monkeypatch.setattr(connection, "create_connection", look_up_slowly)
        telephone.send_text("answer:1")
        assert state(redis) == "sent"
        assert exchange.sent_to(somebody) == ["It is done."]

    def test_message_waits_four_hours_for_twilio_to_be_reachable(self, settings, redis, planned):
        nobody = TwilioGateway(replace(settings, twilio_api_url=f"http://127.0.0.1:{reserved_port()}"), redis)
        assert [nobody.send_text("answer:1") for _ in range(7)] == ["planned"] * 7
        redis.set(f"told-outdated:{planned.to}", 1, ex=60)
        redis.hset("outbox:answer:1", "planned_at", time.time() - outdated_answers.MAX_WAIT_SECONDS - 1)
        assert nobody.send_text("answer:1") == "failed"
        assert "longer than 4 hours" in events.read_latest(redis, 1)[0].data["reason"]

    def test_message_is_refused_after_six_failures_of_twilio(self, telephone, planned, redis, exchange, somebody):
        exchange.post("/faults", kind="rest-refuse", path="Messages", status=503, times=6)
        states = []
        while not states or states[-1] not in ("failed", "sent"):
            states.append(telephone.send_text("answer:1"))
            if states[-1] == "unknown":  # as if a lookup had not found it
                outbox.postpone(redis, outbox.load(redis, "answer:1"), "unknown", 0, "Twilio failed")
        assert states == ["unknown"] * 6 + ["failed"]
        assert exchange.sent_to(somebody) == []


class TestRefusals:
    """Who may not be texted, and what must not be sent."""

    def test_opted_out_person_is_not_texted(self, telephone, planned, redis, exchange, somebody):
        opt_outs.opt_out(redis, somebody, SECRETS)
        assert telephone.send_text("answer:1") == "failed"
        assert exchange.sent_to(somebody) == []

    def test_opt_out_known_only_to_twilio_is_stored(self, telephone, planned, redis, exchange, somebody):
        exchange.post(f"/handsets/%2B{somebody[1:]}/texts", body="STOP")
        assert telephone.send_text("answer:1") == "failed"
        assert opt_outs.has_opted_out(redis, somebody, SECRETS)

    def test_invalid_number_is_refused_with_the_reason_of_twilio(self, telephone, redis):
        pipe = new_pipeline(redis)
        outbox.plan(pipe, OutboundMessage("answer:1", "anonymous", "hello", "SM1"))
        commit_if_unchanged(redis, pipe, "x", "")
        assert telephone.send_text("answer:1") == "failed"
        assert "21211" in events.read_latest(redis, 1)[0].data["reason"]

    def test_rate_limit_per_person(self, redis):
        for _ in range(rate_limits_per_person.MAX_PER_MINUTE):
            rate_limits_per_person.consume(redis, "alias", 1000.0)
        with pytest.raises(rate_limits_per_person.RateLimitExceeded, match="one person in a minute"):
            rate_limits_per_person.consume(redis, "alias", 1000.0)
        rate_limits_per_person.consume(redis, "somebody else", 1000.0)
        rate_limits_per_person.consume(redis, "alias", 1060.0)


class TestLiveUpdates:
    """Words spoken into a live call."""

    def test_update_of_an_ended_call_raises(self, telephone, exchange, somebody):
        call = exchange.post(f"/handsets/%2B{somebody[1:]}/calls")
        # It ends by itself, because the app that this exchange calls is not running.
        eventually(lambda: exchange.get(f"/handsets/%2B{somebody[1:]}/calls/{call['sid']}")["ended"])
        with pytest.raises(CallEnded):
            telephone.redirect_call(call["sid"], "https://talk.example/voice/answer", "+447700900201")

    def test_update_of_an_unknown_call_raises(self, telephone):
        with pytest.raises(CallEnded):
            telephone.redirect_call("CA" + "0" * 32, "https://talk.example/voice/answer", "+447700900201")

    def test_failed_update_returns_false(self, telephone, exchange):
        exchange.post("/faults", kind="rest-refuse", path="Calls", status=503)
        assert telephone.redirect_call("CA" + "0" * 32, "https://talk.example/voice/answer", "+447700900201") is False


def test_call_is_started_once(telephone, planned, exchange, somebody, redis):
    for _ in range(3):
        assert telephone.start_call("answer:1") == "sent"
    assert len(telephone.client.calls.list(to=somebody)) == 1
    assert outbox.load(redis, "answer:1").sid.startswith("CA")
    assert exchange.sent_to(somebody) == []


def test_call_that_could_not_be_started_is_tried_again_as_a_call(settings, telephone, planned, exchange, somebody):
    nobody = TwilioGateway(replace(settings, twilio_api_url=f"http://127.0.0.1:{reserved_port()}"), telephone.redis)
    assert nobody.start_call("answer:1") == "planned"
    assert telephone.start_call("answer:1") == "sent"
    assert len(telephone.client.calls.list(to=somebody)) == 1
    assert exchange.sent_to(somebody) == []


def test_second_call_becomes_a_text(telephone, planned, exchange, somebody, redis):
    telephone.start_call("answer:1")
    outbox.plan(redis, OutboundMessage("answer:2", somebody, "And this.", "SM1"))
    assert telephone.start_call("answer:2") == "sent"
    assert exchange.sent_to(somebody) == ["And this."]


def test_personal_call_that_becomes_a_text_shows_its_words_to_nobody(telephone, redis, exchange, somebody):
    outbox.plan(redis, OutboundMessage("call:raffle-1", somebody, "Your code is 1 2 3 4.", ""))
    telephone.settings = replace(telephone.settings, public_url="")
    assert telephone.start_call("call:raffle-1") == "sent"
    assert exchange.sent_to(somebody) == ["Your code is 1 2 3 4."]
    [sent] = [event for event in events.read_latest(redis, 10) if event.type == "text.sent"]
    assert sent.data["answer"] == ""


def test_call_of_unknown_state_becomes_a_text(telephone, planned, exchange, somebody, redis):
    outbox.start_sending(redis, outbox.load(redis, "answer:1"), now=time.time() - 60)  # its process has died
    assert telephone.start_call("answer:1") == "planned"
    assert telephone.start_call("answer:1") == "sent"
    assert exchange.sent_to(somebody) == ["It is done."]


def test_opted_out_person_is_not_called(telephone, planned, exchange, somebody, redis):
    opt_outs.opt_out(redis, somebody, SECRETS)
    assert telephone.start_call("answer:1") == "failed"
    assert telephone.client.calls.list(to=somebody) == []
