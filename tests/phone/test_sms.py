"""Texts to the number and the replies to them."""

from dataclasses import replace

import pytest

import events
from phone.commands.count import COUNTS_KEY, PEOPLE_KEY
from receiving import stored_requests
from sending import opt_outs, outbox
from sending.outbox import OutboundMessage
from tests.support.environment import SECRETS
from tests.support.person import ME, TEXT_SID
from workers import pending_answers


def kinds(redis):
    return [event.type for event in events.read_latest(redis, 200)]


def test_time_is_answered_at_once(person):
    assert person.texts("time").startswith("It is ")


@pytest.mark.parametrize("body", ["TIME", " Time ", "time!", "time please", "Time?"])
def test_commands_ignore_case_spaces_and_punctuation(person, body):
    assert person.texts(body).startswith("It is ")


@pytest.mark.parametrize("body", ["help", "HELP", "info", "?", "menu", "hello"])
def test_help_lists_every_command(person, body):
    answer = person.texts(body)
    for word in ("time", "flip", "check <address>", "count", "STOP"):
        assert word in answer


@pytest.mark.parametrize("body", ["what is the meaning of life", "", "🦄", "<Response/>", "\x00\x07", "é" * 1600])
def test_unknown_text_is_answered_with_help(person, body):
    assert "Text me one of these" in person.texts(body)


def test_control_characters_do_not_break_the_reply(person):
    assert person.texts("check \x07bell.example").startswith("I am checking bell.example.")


def test_slow_command_is_answered_at_once_and_queued(person, app, redis):
    assert "I will text you the answer" in person.texts("count")
    assert app.extensions["queues"].by_name["texters"].count == 1
    assert redis.zcard(pending_answers.OPEN_KEY) == 1


def test_check_without_an_address_asks_for_one(person, app):
    assert "Which web address?" in person.texts("check")
    assert app.extensions["queues"].by_name["texters"].count == 0


def test_overlong_address_is_rejected_with_a_reason(person):
    assert "longer than 300" in person.texts(f"check bell.example/{400 * 'x'}")


@pytest.mark.parametrize(
    "word", ["STOP", "stop", "Unsubscribe", "CANCEL", "end", "QUIT", "revoke", "optout", "stopall"]
)
def test_stop_is_stored_and_left_for_twilio_to_answer(person, redis, word):
    assert person.texts(word) == ""
    assert opt_outs.has_opted_out(redis, ME, SECRETS)


def test_start_undoes_stop(person, redis):
    person.texts("STOP")
    assert person.texts("START") == ""
    assert not opt_outs.has_opted_out(redis, ME, SECRETS)


def test_stop_inside_a_sentence_is_not_an_opt_out(person, redis):
    person.texts("stop please")
    assert not opt_outs.has_opted_out(redis, ME, SECRETS)


@pytest.mark.parametrize(
    "written", ["Stop.", "STOP!", "“stop”", "stop 🛑", "\u200eSTOP", "Stop\n\nSent from my iPhone"]
)
def test_stop_that_twilio_does_not_recognize_is_stored_and_confirmed(person, redis, written):
    assert "no more texts" in person.texts(written)
    assert opt_outs.has_opted_out(redis, ME, SECRETS)
    assert "texts from me again" in person.texts("Start!")
    assert not opt_outs.has_opted_out(redis, ME, SECRETS)


def test_yes_with_a_full_stop_is_no_opt_in(person, redis):
    person.texts("STOP")
    person.texts("Yes.")
    assert opt_outs.has_opted_out(redis, ME, SECRETS)


def test_help_answered_by_twilio_is_not_answered_again(person):
    assert person.texts("HELP", OptOutType="HELP") == ""


def test_event_has_the_masked_number_and_the_text(person, redis):
    person.texts("call me on +447700900999")
    event = events.read_latest(redis, 2)[0]
    assert event.data["who"] == "+44 ••• 201"
    assert event.data["words"] == "call me on +44 ••• 999"


@pytest.mark.parametrize("written", ["07700 900 999", "+44 (0)7700 900999", "020-7946-0123", "447700900999"])
def test_numbers_in_the_text_are_masked_in_any_spelling(person, redis, written):
    person.texts(f"call {written} please")
    assert events.read_latest(redis, 2)[0].data["words"] == "call ••• please"


def test_no_event_contains_a_number(person, redis):
    for body in ("time", "count", "check +447700900999", "STOP", "START", "+447700900201"):
        person.texts(body)
    assert ME not in str(events.read_latest(redis, 500))
    assert "+447700900999" not in str(events.read_latest(redis, 500))


def test_history_contains_an_alias_instead_of_the_number(person, redis):
    person.texts("time")
    assert redis.hget(COUNTS_KEY, "time") == b"1"
    (person_alias,) = redis.smembers(PEOPLE_KEY)
    assert ME[1:].encode() not in person_alias


class TestStatus:
    """Status callbacks of texts that the app sent."""

    def moves(self, person, status, sid=TEXT_SID, error="", query=""):
        fields = {"MessageSid": sid, "MessageStatus": status, "To": ME, "From": "+447700900100"}
        answer = person.post(f"/sms/status{query}", fields | ({"ErrorCode": error} if error else {}))
        assert answer.status_code == 204

    def seen(self, redis):
        found = [event for event in events.read_latest(redis, 100) if event.type == "text.delivered"]
        return [event.data["status"] for event in found]

    def test_each_status_becomes_one_event(self, person, redis):
        for status in ("queued", "sent", "sent", "delivered", "delivered"):
            self.moves(person, status)
        assert self.seen(redis) == ["queued", "sent", "delivered"]

    def test_late_sent_does_not_replace_delivered(self, person, redis):
        for status in ("delivered", "sent"):
            self.moves(person, status)
        assert self.seen(redis) == ["delivered"]

    def test_undelivered_event_has_the_error_code(self, person, redis):
        self.moves(person, "sent")
        self.moves(person, "undelivered", error="30007")
        assert events.read_latest(redis, 1)[0].data["error"] == "30007"

    def test_status_of_a_notification_has_its_own_subject(self, person, redis):
        with redis.pipeline() as pipe:
            outbox.plan(pipe, OutboundMessage("notify-text:1", ME, "A pull request.", ""))
            pipe.execute()
        self.moves(person, "delivered", query="?message=notify-text:1")
        assert events.read_latest(redis, 1)[0].subject == TEXT_SID

    def test_status_callback_settles_a_message_of_unknown_state(self, person, redis):
        with redis.pipeline() as pipe:
            outbox.plan(pipe, OutboundMessage("answer:x", ME, "hello", "SM1"))
            pipe.execute()
        message = outbox.load(redis, "answer:x")
        outbox.start_sending(redis, message)
        outbox.mark_unknown(redis, replace(message, state="sending"), 9e9)
        self.moves(person, "sent", query="?message=answer:x")
        assert (outbox.load(redis, "answer:x").state, outbox.load(redis, "answer:x").sid) == ("sent", TEXT_SID)
        assert outbox.list_due(redis, 9e9) == []


def test_text_by_get_is_answered(person, settings):
    target = f"/sms?MessageSid={TEXT_SID}&From=%2B447700900201&Body=time"
    from receiving import twilio_signature

    signature = twilio_signature.compute_signature(settings.twilio_auth_token[0], "https://talk.example" + target)
    answer = person.post(target, {}, signature=signature, method="GET")
    assert "It is " in answer.text


def test_inbox_keeps_the_text(person, redis):
    person.texts("time")
    assert stored_requests.latest(redis)[0][1]["Body"] == "time"
