"""Purge, and forgetting one person: nothing that holds a number or words remains."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from twilio.base.exceptions import TwilioRestException

import events
from config import Secret
from receiving.replay import missing_webhooks_backfill
from receiving.replay.provider_log_entry import LogEntry
from sending import followers, opt_outs, outbox, unfollow_tokens
from sending.http.client import HttpClient
from sending.outbox import OutboundMessage
from sending.twilio.gateway import TwilioGateway
from sending.webhooks import delivery_jobs
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue import messages
from show import contributions, friendly_names, moderation, show_state, waiting_line
from show.base_scene import Contribution, SceneView
from show.privacy import purge, purge_receipts, scene_erasure
from store import erasure
from store.erasure import ERASERS, Erasure
from tests.support.environment import SECRETS
from tests.support.person import ME, Person
from tests.support.processes import ROOT
from workers import answer_delivery, pending_answers, recording_waveform

OTHER = "+447700900202"
WORD = "chrysanthemum"
LONG_TEXT = "🎉" * 500  # as a form, so long that the inbox stores its body elsewhere


@pytest.fixture
def busy_stage(redis):
    """As many events as are kept, all about other people."""
    pipe = redis.pipeline(transaction=False)
    for _ in range(events.MAX_EVENTS):
        events.publish(pipe, "show.changed")
    pipe.execute()


@pytest.fixture
def gateway(settings, redis, monkeypatch):
    """The worker's gateway, for the jobs."""
    found = TwilioGateway(settings, redis)
    monkeypatch.setattr(answer_delivery, "get_gateway", lambda: found)
    monkeypatch.setattr(purge, "get_gateway", lambda: found)
    return found


@pytest.fixture
def talk(app):
    return app.extensions["talk"]


@pytest.fixture
def other(post_as_twilio):
    return Person(post_as_twilio, OTHER)


def contents(redis):
    """Every key, and all that it contains, as bytes."""
    readers = {
        b"string": lambda key: [redis.get(key)],
        b"hash": lambda key: [part for pair in redis.hgetall(key).items() for part in pair],
        b"set": redis.smembers,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": lambda key: [part for _, row in redis.xrange(key) for pair in row.items() for part in pair],
    }
    return {key.decode(): b" ".join([key, *readers[redis.type(key)](key)]) for key in redis.scan_iter()}


def keys_with(redis, text):
    """The keys that mention this, apart from RQ's: a job that has not run yet holds its words."""
    return [key for key, content in contents(redis).items() if text.encode() in content and not key.startswith("rq:")]


def take_part(person, redis, number, sids=("1", "2", "5")):
    """Use everything that stores something."""
    person.texts(f"{WORD} is my word", sid="SM" + sids[0] * 32)
    person.texts("tabs", sid="SM" + sids[2] * 32)
    person.texts("count", sid="SM" + sids[1] * 32)
    person.call_sid = "CA" + sids[0] * 32
    person.dials().says(WORD)
    followers.follow(redis, number, "github")
    unfollow_tokens.issue_unfollow_token(redis, number)
    outbox.plan(redis, OutboundMessage(f"answer:{number[-3:]}", number, f"{WORD}, you said.", ""))


def test_nothing_with_a_number_or_words_survives_a_purge(person, redis, go, talk):
    go("tabs")
    take_part(person, redis, ME)
    digits = ME.lstrip("+")
    assert len(keys_with(redis, digits)) > 5
    assert keys_with(redis, WORD)
    purge.purge_everything(redis, talk, "a presenter")
    assert keys_with(redis, digits) == []
    assert keys_with(redis, WORD) == []
    assert not redis.exists("show:names", "show:votes:tabs")


def test_purge_that_takes_minutes_erases_everything(person, redis, go, talk, monkeypatch):
    go("tabs")
    take_part(person, redis, ME)
    erase_requests, later = ERASERS["requests"], time.time() + 120

    def erase_slowly(store, erasure):
        monkeypatch.setattr(time, "time", lambda: later)
        return erase_requests(store, erasure)

    monkeypatch.setitem(ERASERS, "requests", erase_slowly)
    purge.purge_everything(redis, talk, "a presenter")
    assert keys_with(redis, ME.lstrip("+")) == keys_with(redis, WORD) == []


def test_purge_does_not_search_the_store_again_for_each_follower(redis, talk):
    for number in range(100):
        followers.follow(redis, f"+4477009004{number:02d}", "github")
    redis.config_resetstat()
    purge.purge_everything(redis, talk, "a presenter")
    assert redis.info("commandstats")["cmdstat_scan"]["calls"] < 50
    assert not redis.exists("followers:github")


@pytest.mark.parametrize("wanted", ["everything", "one person"])
def test_words_for_a_scene_that_the_talk_no_longer_has_are_erased(person, redis, go, talk, settings, wanted):
    wall = go("wall")
    person.texts(f"{WORD} is my word")
    assert "show:items:wall" in keys_with(redis, WORD)
    edited = replace(talk, scenes=tuple(scene for scene in talk.scenes if scene != wall))
    if wanted == "everything":
        purge.purge_everything(redis, edited, "a presenter")
    else:
        me = contributions.person_with(ME, settings)
        scene_erasure.erase_person_in_scenes(redis, edited, Erasure(time.time(), ME, me))
    assert not redis.exists("show:items:wall", "show:item-counts:wall", "show:pending:wall")


def test_talk_goes_on_after_a_purge(person, redis, go, talk):
    go("tabs")
    purge.purge_everything(redis, talk, "a presenter")
    assert show_state.load(redis).scene_id == "tabs"
    assert "You voted for tabs" in person.texts("tabs")


def test_receipt_counts_what_was_erased(person, redis, talk):
    take_part(person, redis, ME)
    receipt = purge.purge_everything(redis, talk, "a presenter")
    assert purge_receipts.load_receipts(redis) == [receipt]
    assert receipt.erased["requests"] >= 4
    assert receipt.erased["texts and calls that we send"] == 1
    assert receipt.erased["subscriptions"] == 1
    assert set(receipt.erased) == {*ERASERS, "the show"}


def test_opt_out_survives_as_a_hash(person, redis, talk):
    person.texts("STOP")
    purge.purge_everything(redis, talk, "a presenter")
    assert opt_outs.has_opted_out(redis, ME, SECRETS)
    assert keys_with(redis, ME.lstrip("+")) == []


def test_opt_out_counts_under_every_current_secret_key(redis):
    opt_outs.opt_out(redis, ME, ["old"])
    assert opt_outs.has_opted_out(redis, ME, ["new", "old"])
    opt_outs.opt_in(redis, ME, ["new", "old"])
    assert not opt_outs.has_opted_out(redis, ME, ["new", "old"])


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


def test_automatic_purge_erases_old_long_texts(person, other, redis):
    person.texts(f"{WORD} {LONG_TEXT}")
    [(_, row)] = redis.xrange("inbox")
    redis.delete("inbox")
    redis.xadd("inbox", row, id=f"{round(time.time() - 25 * 3600)}000-0")
    other.texts(LONG_TEXT, sid="SM" + "3" * 32)
    ERASERS["requests"](redis, Erasure(time.time() - 24 * 3600))
    assert WORD.encode() not in b"".join(redis.hvals("inbox:large"))
    assert redis.hlen("inbox:large") == redis.xlen("inbox") == 1


def test_forgotten_persons_endpoint_leaves_no_waiting_messages(redis, gateway, settings):
    client, encryption = HttpClient(allow_loopback=True), Encryption(settings.secret_key)
    made = stored_endpoints.create(redis, client, encryption, "http://receiver.test:9/hook", http=True, owner=ME)
    delivery_jobs.deliver_later(redis, "github.push", {"summary": "ada pushed"})
    delivery_jobs.enqueue_due(redis)
    assert redis.zcard(f"endpoint:{made.id}:due")
    purge.forget_person(ME)
    left = {key.decode().partition(":")[0] for key in redis.scan_iter("*") if not key.startswith(b"rq:")}
    assert not left & {"endpoint", "endpoints", "message", "delivery"}


@pytest.mark.parametrize("number", ["", ME])
def test_message_whose_endpoints_have_not_been_looked_up_is_erased(redis, number):
    subject = "SM" + "7" * 32
    delivery_jobs.deliver_later(redis, "text.received", {"subject": subject, "words": "grüezi"}, id="msg_1000_0")
    delivery_jobs.deliver_later(redis, "github.push", {"subject": "", "summary": "ada pushed"}, id="msg_1000_1")
    assert messages.erase(redis, Erasure(time.time(), number, sids={subject})) == 1
    assert [one.event_type for one in messages.load_new(redis, 10)] == ["github.push"]


@pytest.mark.parametrize("sender", ["", "+447700900101"])
def test_forgotten_followers_notifications_leave_the_queue(redis, sender):
    """Their ids contain a hash of the number, from which it can be computed."""
    message = OutboundMessage(f"{outbox.NOTIFICATION_PREFIX}text:1-0:abcdef", ME, "ada pushed", "", sender)
    outbox.plan(redis, message, queue_key=outbox.NOTIFICATIONS_KEY)
    assert outbox.erase_messages(redis, Erasure(time.time(), ME)) == 1
    assert not redis.exists(outbox.queue_of(sender, outbox.NOTIFICATIONS_KEY))


def test_automatic_purge_erases_what_is_older_than_the_talk_allows(person, other, redis, gateway, talk):
    person.texts("count")
    (old,) = (redis.hget(key, "asked_at") for key in redis.scan_iter("pending-answer:*"))
    for key in redis.scan_iter("pending-answer:*"):
        redis.hset(key, "asked_at", float(old) - 25 * 3600)
    other.texts("count", sid="SM" + "3" * 32)
    purge.purge_expired(redis)
    left = [pending_answers.load(redis, key.decode().partition(":")[2]) for key in redis.scan_iter("pending-answer:*")]
    assert [one.phone_number for one in left] == [OTHER]
    assert redis.exists("show:names")  # people are taking part


def test_automatic_purge_erases_no_recent_answer_and_leaves_no_receipt(person, redis, gateway):
    person.texts("count")
    [key] = redis.scan_iter("pending-answer:*")
    pending_answers.settle(redis, pending_answers.load(redis, key.decode().partition(":")[2]), "answered", "Nobody.")
    purge.purge_expired(redis)
    assert redis.exists(key)
    assert purge_receipts.load_receipts(redis) == []


@pytest.mark.parametrize("hour_of_last_text", [0, 20])
def test_automatic_purge_erases_the_scenes_once_nobody_has_taken_part_for_a_day(
    person, other, redis, go, gateway, monkeypatch, hour_of_last_text
):
    go("wall")
    person.texts(f"{WORD} is my word")
    began = time.time()
    for hour in (12, 20, 25):
        now = began + 3600 * hour
        monkeypatch.setattr(time, "time", lambda now=now: now)
        if hour == hour_of_last_text:
            other.texts("hello", sid="SM" + "3" * 32)
        redis.delete(purge.LOCK_KEY)
        purge.purge_expired(redis)
    assert bool(redis.exists("show:items:wall")) == (hour_of_last_text == 20)


def test_automatic_purge_ends_subscriptions_in_time(redis, gateway):
    followers.follow(redis, ME, "github")
    purge.purge_expired(redis)
    assert 0 < redis.ttl(opt_outs.topics_key(ME)) <= 24 * 3600
    redis.delete(opt_outs.topics_key(ME), purge.LOCK_KEY)  # a day has passed
    purge.purge_expired(redis)
    assert keys_with(redis, ME.lstrip("+")) == []


def test_topic_followed_later_does_not_end_with_the_earlier_ones(redis, gateway):
    followers.follow(redis, ME, "github")
    purge.purge_expired(redis)
    redis.expire(opt_outs.topics_key(ME), 600)  # most of the day has passed
    followers.follow(redis, ME, "stripe")
    redis.delete(purge.LOCK_KEY)
    purge.purge_expired(redis)
    assert redis.ttl(opt_outs.topics_key(ME)) > 23 * 3600


def test_backfill_never_crosses_a_purge(redis, talk):
    purge.purge_everything(redis, talk, "a presenter")
    asked = []
    missing_webhooks_backfill.find_missing(
        redis, {"text": lambda *window: asked.append(window) or iter(())}, 0, time.time(), print
    )
    assert asked[0][0] >= erasure.read_purged_at(redis) > time.time() - 60


def test_backfill_does_not_restore_a_forgotten_person(redis):
    erasure.mark(redis, Erasure(time.time(), ME, "an alias"), time.time())
    assert erasure.read_forgotten(redis)["an alias"] > time.time() - 60


def test_backfill_knows_who_was_forgotten_under_an_older_secret_key(redis, settings):
    erasure.mark(redis, Erasure(time.time(), ME, contributions.person_with(ME, settings)), time.time())
    newer = replace(settings, secret_key=(Secret("a-newer-secret-key-of-the-tests"), *settings.secret_key))
    text = LogEntry("twilio", "sms:SM1", time.time() - 60, "a text", lambda: pytest.fail("restored"), ME)
    listed = missing_webhooks_backfill._without_erased(lambda *_: iter([text]), newer, redis)(0, time.time())
    assert list(listed) == []


def test_worker_knows_every_eraser():
    """A fresh interpreter registers as many erasers as the code has."""
    program = "import show.privacy.purge; from store.erasure import ERASERS; print(len(ERASERS))"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    sources = (path for folder in ("receiving", "sending", "workers", "show") for path in (ROOT / folder).rglob("*.py"))
    declared = sum(path.read_text().count("\n@erases(") for path in [ROOT / "events.py", *sources])
    assert int(found.stdout) == declared


def test_recordings_and_pictures_are_deleted_at_twilio(person, redis, go, talk, gateway, monkeypatch):
    go("wall")
    picture = f"/Messages/MM{'5' * 32}/Media/ME{'6' * 32}"
    url = f"https://api.twilio.com/2010-04-01/Accounts/AC{'0' * 32}{picture}"
    person.texts("look", sid="MM" + "5" * 32, NumMedia="1", MediaUrl0=url, MediaContentType0="image/png")
    jobs = []
    monkeypatch.setattr(purge.Queue, "enqueue_call", lambda _, job, args, **options: jobs.append((job, args)))
    receipt = purge.purge_everything(redis, talk, "a presenter")
    assert jobs == [(purge.delete_media, ([], [picture[1:]]))]
    assert receipt.recordings == 1


@pytest.mark.parametrize("wanted", ["everything", "one person"])
def test_media_that_no_scene_has_taken_are_deleted_at_twilio(person, redis, talk, gateway, monkeypatch, wanted):
    recording, picture = "RE" + "7" * 32, f"Messages/MM{'5' * 32}/Media/ME{'6' * 32}"
    person.dials().presses("9")
    fields = {"CallSid": person.call_sid, "RecordingSid": recording, "RecordingStatus": "completed"}
    assert person.post("/voice/recording", fields).status_code == 204
    answer_delivery.finish(redis, pending_answers.derive_id(f"recording {recording} "), "answered", "5 seconds")
    url = f"https://api.twilio.com/2010-04-01/Accounts/AC{'0' * 32}/{picture}"
    person.texts("time", sid="MM" + "5" * 32, NumMedia="1", MediaUrl0=url, MediaContentType0="image/png")
    jobs = []
    monkeypatch.setattr(purge.Queue, "enqueue_call", lambda _, job, args, **options: jobs.append((job, args)))
    purge.purge_everything(redis, talk, "a presenter") if wanted == "everything" else purge.forget_person(ME)
    assert jobs == [(purge.delete_media, ([recording], [picture]))]


@pytest.mark.parametrize("scene", ["number", "wall"])
def test_automatic_purge_deletes_old_pictures_at_twilio_unless_a_scene_still_shows_them(
    person, other, redis, go, gateway, monkeypatch, scene
):
    go(scene)
    picture = f"Messages/MM{'5' * 32}/Media/ME{'6' * 32}"
    url = f"https://api.twilio.com/2010-04-01/Accounts/AC{'0' * 32}/{picture}"
    person.texts("look", sid="MM" + "5" * 32, NumMedia="1", MediaUrl0=url, MediaContentType0="image/png")
    jobs, tomorrow = [], time.time() + 25 * 3600
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    other.texts("hello", sid="SM" + "3" * 32)  # people are taking part
    monkeypatch.setattr(purge.Queue, "enqueue_call", lambda _, job, args, **options: jobs.append((job, args)))
    purge.purge_expired(redis)
    assert jobs == ([] if scene == "wall" else [(purge.delete_media, ([], [picture]))])


def test_measured_recording_is_deleted_even_if_the_inbox_no_longer_has_its_callback(redis, talk, monkeypatch):
    recording = "RE" + "7" * 32
    recording_waveform.save(redis, recording, recording_waveform.AudioMeasurement(5.0, -20.0, ()))
    jobs = []
    monkeypatch.setattr(purge.Queue, "enqueue_call", lambda _, job, args, **options: jobs.append((job, args)))
    purge.purge_everything(redis, talk, "a presenter")
    assert jobs == [(purge.delete_media, ([recording], []))]


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


def test_number_in_twilios_reason_for_a_refusal_is_masked(redis, gateway):
    outbox.plan(redis, OutboundMessage("answer:1", ME, "Seven.", ""))
    outbox.start_sending(redis, outbox.load(redis, "answer:1"))
    refusal = TwilioRestException(400, "/Messages.json", f"The number {ME} is unverified", 21608)
    assert gateway._handle_error(outbox.load(redis, "answer:1"), refusal) == "failed"
    assert "unverified (21608)" in outbox.load(redis, "answer:1").reason
    assert keys_with(redis, ME.lstrip("+")) == []
