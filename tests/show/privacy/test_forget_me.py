"""Forgetting one person: nothing of theirs remains, and everything of others."""

import json
import time
from dataclasses import replace

import pytest

import events
from config import Secret
from receiving.replay import missing_webhooks_backfill
from receiving.replay.provider_log_entry import LogEntry
from sending import outbox
from sending.http.client import HttpClient
from sending.outbox import OutboundMessage
from sending.webhooks import delivery_jobs
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue import messages
from show import contributions, friendly_names, moderation, waiting_line
from show.base_scene import Contribution, SceneView
from show.privacy import purge, scene_erasure
from store import erasure
from store.erasure import Erasure
from tests.show.privacy.records import LONG_TEXT, OTHER, WORD, keys_with, take_part
from tests.support.person import ME


def test_forget_me_erases_one_person_only(person, other, redis, go, gateway):
    go("tabs")
    take_part(person, redis, ME)
    take_part(other, redis, OTHER, ("3", "4", "6"))
    assert "I am deleting" in person.texts("Forget me!")
    purge.forget_person(ME)
    assert keys_with(redis, ME.lstrip("+")) == []
    assert len(keys_with(redis, OTHER.lstrip("+"))) > 5
    assert redis.hlen("show:votes:tabs") == redis.hlen("show:names") == 1
    subjects = {event.subject for event in events.read_latest(redis, 100)}
    assert "SM" + "1" * 32 not in subjects
    assert "SM" + "3" * 32 in subjects


def test_forget_me_erases_what_was_stored_under_an_older_secret_key(person, redis, go, gateway, settings):
    go("tabs")
    take_part(person, redis, ME)
    gateway.settings = replace(settings, secret_key=(Secret("a-newer-secret-key-of-the-tests"), *settings.secret_key))
    purge.forget_person(ME)
    assert redis.hlen("show:votes:tabs") == redis.hlen("show:names") == 0


def test_forget_me_erases_the_newest_of_many_events(busy_stage, person, redis, gateway):
    person.texts(f"{WORD} is my word")
    assert "events" in keys_with(redis, WORD)
    purge.forget_person(ME)
    assert keys_with(redis, WORD) == []


def test_forget_me_erases_events_of_texts_that_the_inbox_no_longer_has(person, other, redis, gateway):
    person.texts(f"{WORD} is my word")
    other.texts("chrysalis is mine", sid="SM" + "3" * 32)
    redis.delete("inbox")
    purge.forget_person(ME)
    assert keys_with(redis, WORD) == []
    assert keys_with(redis, "chrysalis") == ["events"]


def test_forget_me_erases_long_texts_of_one_person_only(person, other, redis, gateway):
    other.texts(LONG_TEXT, sid="SM" + "3" * 32)
    fields = {"Body": f"{WORD} {LONG_TEXT}", "MessageSid": "SM" + "2" * 32, "From": ME}  # the number comes last
    assert person.post("/sms", fields).status_code == 200
    assert redis.hlen("inbox:large") == 2
    purge.forget_person(ME)
    assert keys_with(redis, ME.lstrip("+")) == keys_with(redis, WORD) == []
    assert redis.hlen("inbox:large") == redis.xlen("inbox") == 1


@pytest.mark.parametrize("number", ["", ME])
def test_message_whose_endpoints_have_not_been_looked_up_is_erased(redis, number):
    subject = "SM" + "7" * 32
    delivery_jobs.deliver_later(redis, "text.received", {"subject": subject, "words": "grüezi"}, id="msg_1000_0")
    delivery_jobs.deliver_later(redis, "github.push", {"subject": "", "summary": "ada pushed"}, id="msg_1000_1")
    assert messages.erase(redis, Erasure(time.time(), number, sids={subject})) == 1
    assert [one.event_type for one in messages.load_new(redis, 10)] == ["github.push"]


def test_backfill_does_not_restore_a_forgotten_person(redis):
    erasure.mark(redis, Erasure(time.time(), ME, "an alias"), time.time())
    assert erasure.read_forgotten(redis)["an alias"] > time.time() - 60


def test_backfill_knows_who_was_forgotten_under_an_older_secret_key(redis, settings):
    erasure.mark(redis, Erasure(time.time(), ME, contributions.person_with(ME, settings)), time.time())
    newer = replace(settings, secret_key=(Secret("a-newer-secret-key-of-the-tests"), *settings.secret_key))
    text = LogEntry("twilio", "sms:SM1", time.time() - 60, "a text", lambda: pytest.fail("restored"), ME)
    listed = missing_webhooks_backfill._without_erased(lambda *_: iter([text]), newer, redis)(0, time.time())
    assert list(listed) == []


def test_forget_me_erases_what_a_caller_said_on_stage(person, redis, go, gateway, talk):
    line = go("line")
    person.dials().presses("1").waits()
    (caller,) = waiting_line.list_waiting(redis, line.id)
    assert not waiting_line.move_to_stage(redis, line.id, caller)
    fields = {"TranscriptionEvent": "transcription-content", "TranscriptionSid": "GT" + "1" * 32, "SequenceId": "2"}
    fields |= {"CallSid": person.call_sid, "Final": "true", "TranscriptionData": json.dumps({"transcript": WORD})}
    assert person.post("/voice/line/caption?scene=line", fields).status_code == 204
    assert "show:items:line" in keys_with(redis, WORD)
    purge.forget_person(ME)
    assert keys_with(redis, WORD) == []


def test_word_that_others_sent_too_stays_when_its_first_sender_is_forgotten(person, other, redis, go, gateway):
    words = go("words")
    person.texts(WORD)
    other.texts(WORD, sid="SM" + "3" * 32)
    words.perform(redis, "approve", WORD)
    purge.forget_person(ME)
    assert words.stage_values(SceneView(redis, "open"))["ranking"] == [(WORD, 1)]
    item = moderation.load(redis, words.id, WORD)
    assert item.name == friendly_names.load(redis, item.person)
    assert redis.hget("show:words:words", item.person).decode() == WORD


def test_word_of_another_scene_stays_when_its_sender_in_one_scene_is_forgotten(redis, gateway, talk):
    first, second = replace(talk.find("words"), id="words-1"), replace(talk.find("words"), id="words-2")
    me = contributions.person_with(ME, gateway.settings)
    for scene, sender in ((first, me), (second, "somebody else")):
        pipe = redis.pipeline()
        scene.receive(redis, pipe, Contribution("SM1", sender, "Amber Otter", WORD, "text"))
        pipe.execute()
        scene.perform(redis, "approve", WORD)
    scene_erasure.erase_person_in_scenes(redis, replace(talk, scenes=(first, second)), Erasure(0, ME, me))
    assert first.stage_values(SceneView(redis, "open"))["ranking"] == []
    assert second.stage_values(SceneView(redis, "open"))["ranking"] == [(WORD, 1)]


def test_hidden_person_of_a_browser_phone_is_forgotten_too(settings):
    beside_real_ones = replace(settings, exchange_auth_token="a token")
    assert contributions.person_with("+447700900123", beside_real_ones).startswith("b:")


def test_forgotten_persons_endpoint_leaves_no_waiting_messages(redis, gateway, settings):
    client, encryption = HttpClient(allow_loopback=True), Encryption(settings.secret_key)
    made = stored_endpoints.create(redis, client, encryption, "http://receiver.test:9/hook", http=True, owner=ME)
    delivery_jobs.deliver_later(redis, "github.push", {"summary": "ada pushed"})
    delivery_jobs.enqueue_due(redis)
    assert redis.zcard(f"endpoint:{made.id}:due")
    purge.forget_person(ME)
    left = {key.decode().partition(":")[0] for key in redis.scan_iter("*") if not key.startswith(b"rq:")}
    assert not left & {"endpoint", "endpoints", "message", "delivery"}


@pytest.mark.parametrize("sender", ["", "+447700900101"])
def test_forgotten_followers_notifications_leave_the_queue(redis, sender):
    """Their ids contain a hash of the number, from which it can be computed."""
    message = OutboundMessage(f"{outbox.NOTIFICATION_PREFIX}text:1-0:abcdef", ME, "ada pushed", "", sender)
    outbox.plan(redis, message, queue_key=outbox.NOTIFICATIONS_KEY)
    assert outbox.erase_messages(redis, Erasure(time.time(), ME)) == 1
    assert not redis.exists(outbox.queue_of(sender, outbox.NOTIFICATIONS_KEY))
