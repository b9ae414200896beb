"""The scene `line`: callers wait, and the presenter brings them on stage one by one."""

import json
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from rq.job import Job
from twilio.base.exceptions import TwilioRestException

import events
from phone.twiml import line_documents
from sending.twilio.calls_and_media import CallEnded
from show import moderation, show_state, waiting_line
from show.base_scene import CLOSED, SceneError, SceneView
from show.waiting_line import Caller
from tests.support.person import NUMBER, PUBLIC_URL, Person

OTHER = "+447700900202"
PRESENTER_CALL = "CA" + "e" * 32


class FakeTwilio:
    """Records the requests to Twilio's REST API. `ended` are calls that have hung up."""

    def __init__(self, settings, redis):
        self.settings, self.redis = settings, redis
        self.redirected, self.dialed, self.completed, self.ended = [], [], [], set()
        self.client = SimpleNamespace(calls=self)
        self.create_error, self.on_create, self.presenter_calls = None, None, [PRESENTER_CALL]

    def __call__(self, sid):
        return SimpleNamespace(update=lambda status: self.completed.append((sid, status)))

    def create(self, **fields):
        self.dialed.append(fields)
        if self.create_error:
            raise self.create_error
        sid = self.presenter_calls.pop() if len(self.presenter_calls) > 1 else self.presenter_calls[0]
        if self.on_create:
            self.on_create(sid)
        return SimpleNamespace(sid=sid)

    def redirect_call(self, sid, url, number):
        if sid in self.ended:
            raise CallEnded
        self.redirected.append((sid, url))
        return True


@pytest.fixture
def line(go):
    return go("line")


@pytest.fixture
def twilio(settings, redis, monkeypatch):
    found = FakeTwilio(settings, redis)
    monkeypatch.setattr(waiting_line, "get_gateway", lambda: found)
    return found


@pytest.fixture
def act(app, redis, line, twilio):
    """The presenter's action; the worker then runs its jobs."""

    def perform(action, item=""):
        with app.app_context():
            line.perform(redis, action, item)
            queue = app.extensions["queues"].by_name["callers"]
            for id in queue.job_ids:
                job = Job.fetch(id, redis, serializer=queue.serializer)
                queue.remove(id)
                job.func(*job.args)

    return perform


@pytest.fixture
def ada(post_as_twilio):
    somebody = Person(post_as_twilio)
    somebody.call_sid = "CA" + "a" * 32
    return somebody


@pytest.fixture
def bob(post_as_twilio):
    somebody = Person(post_as_twilio, OTHER)
    somebody.call_sid = "CA" + "b" * 32
    return somebody


def joins(person, words="webhooks"):
    person.dials().presses("1").says(words)
    return person


def names(line, redis):
    return [caller.name for caller in waiting_line.list_waiting(redis, line.id)]


def hangs_up(post_as_twilio, person):
    fields = {"CallSid": person.call_sid, "From": person.number, "To": NUMBER, "CallStatus": "completed"}
    post_as_twilio("/voice/status", fields | {"CallDuration": "5"})


def test_caller_joins_with_a_key_and_hears_their_name(line, ada, redis):
    assert "Press 1 to talk with the presenter" in ada.dials().heard
    assert "What would you like to talk about?" in ada.presses("1").heard
    ada.says("webhooks")
    (name,) = names(line, redis)
    assert f"You are in line as {name}." in ada.heard
    assert ada.verbs == ["Say", "Enqueue"]


def test_silent_caller_joins_too(line, ada, redis):
    ada.dials().presses("1").waits()
    assert len(names(line, redis)) == 1


def test_waiting_caller_hears_their_position(line, post_as_twilio, ada):
    fields = {"CallSid": ada.call_sid, "From": ada.number, "QueuePosition": "2", "QueueTime": "7"}
    document = ElementTree.fromstring(post_as_twilio("/voice/line/wait?scene=line", fields).text)
    assert [verb.tag for verb in document] == ["Say", "Play", "Play"]
    assert document[0].text == "You are number 2 in line."


@pytest.mark.parametrize("position", ["", "x", "9" * 50, "-1"])
def test_nonsense_position_is_no_error(line, post_as_twilio, ada, position):
    fields = {"CallSid": ada.call_sid, "From": ada.number, "QueuePosition": position}
    assert post_as_twilio("/voice/line/wait?scene=line", fields).status_code == 200


def test_copy_of_a_webhook_joins_once(line, ada, bob, redis):
    target = ada.dials().presses("1").next
    first = ada.says("webhooks").answer.text
    ada._listens(target, {"SpeechResult": "webhooks", "Confidence": "0.9"})
    assert ada.answer.text == first
    assert len(names(line, redis)) == 1


def test_first_caller_is_brought_on_and_the_presenters_phone_rings(line, ada, bob, act, twilio, redis):
    joins(ada)
    joins(bob)
    act("bring-on")
    assert twilio.redirected == [(ada.call_sid, f"{PUBLIC_URL}/voice/line/stage?scene=line")]
    assert [call["to"] for call in twilio.dialed] == ["+447700900299"]
    assert line.figures(SceneView(redis))["waiting"] == 1
    assert waiting_line.on_stage(redis, line.id).sid == ada.call_sid


def test_caller_and_presenter_meet_in_one_conference(line, ada, post_as_twilio):
    joins(ada)
    ada._listens("/voice/line/stage?scene=line", {})
    caller = ElementTree.fromstring(ada.answer.text).find("Dial/Conference")
    ada.call_sid = PRESENTER_CALL
    ada._listens("/voice/line/presenter?scene=line", {})
    presenter = ElementTree.fromstring(ada.answer.text).find("Dial/Conference")
    assert caller.text == presenter.text == "line-line"
    assert (caller.get("startConferenceOnEnter"), presenter.get("startConferenceOnEnter")) == ("false", "true")


def test_next_caller_follows_without_calling_the_presenter_again(line, ada, bob, act, twilio):
    joins(ada)
    joins(bob)
    act("bring-on")
    act("next-caller")
    assert twilio.redirected[1:] == [
        (ada.call_sid, f"{PUBLIC_URL}/voice/line/thanks?scene=line"),
        (bob.call_sid, f"{PUBLIC_URL}/voice/line/stage?scene=line"),
    ]
    assert len(twilio.dialed) == 1


def test_end_hangs_up_both(line, ada, act, twilio, redis):
    joins(ada)
    act("bring-on")
    act("end")
    assert twilio.redirected[-1] == (ada.call_sid, f"{PUBLIC_URL}/voice/line/thanks?scene=line")
    assert twilio.completed == [(PRESENTER_CALL, "completed")]
    assert waiting_line.on_stage(redis, line.id) is None


def test_presenter_chooses_a_caller(line, ada, bob, act, twilio, redis):
    joins(ada)
    joins(bob)
    assert [target.id for target in line.targets(SceneView(redis))] == [ada.call_sid, bob.call_sid]
    act("bring-on", bob.call_sid)
    assert waiting_line.on_stage(redis, line.id).sid == bob.call_sid


def test_caller_who_hangs_up_leaves_the_line_and_the_stage(line, ada, bob, act, twilio, redis, post_as_twilio):
    joins(ada)
    joins(bob)
    act("bring-on")
    hangs_up(post_as_twilio, ada)
    hangs_up(post_as_twilio, bob)
    assert waiting_line.on_stage(redis, line.id) is None
    assert names(line, redis) == []


def test_caller_who_has_hung_up_unnoticed_leaves_the_stage(line, ada, act, twilio, redis):
    joins(ada)
    twilio.ended.add(ada.call_sid)
    before = events.last_generated_id(redis)
    act("bring-on")
    assert waiting_line.on_stage(redis, line.id) is None
    assert "show.changed" in [event.type for event in events.read_after(redis, before)]  # the screens are redrawn


def test_presenters_phone_is_called_again_after_it_has_hung_up(line, ada, bob, act, twilio, post_as_twilio):
    joins(ada)
    joins(bob)
    act("bring-on")
    presenters_phone_reports(post_as_twilio, twilio, PRESENTER_CALL)
    act("next-caller")
    assert len(twilio.dialed) == 2


def presenters_phone_reports(post_as_twilio, twilio, sid, status="completed"):
    fields = {"CallSid": sid, "From": NUMBER, "To": "+447700900299", "CallStatus": status}
    post_as_twilio(twilio.dialed[-1]["status_callback"].removeprefix(PUBLIC_URL), fields)


def test_late_report_about_an_earlier_call_does_not_make_us_forget_the_present_one(
    line, ada, bob, act, twilio, post_as_twilio
):
    joins(ada)
    joins(bob)
    earlier, present = PRESENTER_CALL, "CA" + "f" * 32
    twilio.presenter_calls = [present, earlier]
    act("bring-on")
    act("end")
    callback = twilio.dialed[-1]
    act("bring-on")
    twilio.dialed.append(callback)
    presenters_phone_reports(post_as_twilio, twilio, earlier)
    act("end")
    assert [sid for sid, _ in twilio.completed] == [earlier, present]


def test_call_to_the_presenters_phone_may_end_before_twilio_responds(line, ada, bob, act, twilio, post_as_twilio):
    joins(ada)
    joins(bob)
    twilio.on_create = lambda sid: presenters_phone_reports(post_as_twilio, twilio, sid, "busy")
    act("bring-on")
    act("next-caller")
    assert len(twilio.dialed) == 2


def test_end_while_the_presenters_phone_is_being_called_hangs_up(line, ada, act, app, twilio, redis):
    joins(ada)

    def ends(_):
        with app.app_context():
            line.perform(redis, "end", "")

    twilio.on_create = ends
    act("bring-on")
    assert twilio.completed == [(PRESENTER_CALL, "completed")]


@pytest.mark.parametrize("action", ["bring-on", "next-caller"])
def test_empty_line_is_explained(act, action):
    with pytest.raises(SceneError, match="Nobody is waiting"):
        act(action)


def test_second_caller_is_not_brought_on_by_mistake(line, ada, bob, act):
    joins(ada)
    joins(bob)
    act("bring-on")
    with pytest.raises(SceneError, match="is on stage"):
        act("bring-on")


def test_two_presenters_bring_on_one_caller(line, ada, bob, app, act, redis, monkeypatch):
    joins(ada)
    joins(bob)
    move = waiting_line.move_to_stage

    def move_after_another_presenter(store, scene_id, caller):
        monkeypatch.setattr(waiting_line, "move_to_stage", move)
        act("bring-on", bob.call_sid)
        return move(store, scene_id, caller)

    monkeypatch.setattr(waiting_line, "move_to_stage", move_after_another_presenter)
    with pytest.raises(SceneError, match="another caller"):
        act("bring-on", ada.call_sid)
    assert waiting_line.on_stage(redis, line.id).sid == bob.call_sid
    assert [caller.sid for caller in waiting_line.list_waiting(redis, line.id)] == [ada.call_sid]


def test_caller_is_moved_to_the_stage_in_one_step(line, ada, redis, monkeypatch):
    """If the process is killed while it does this, the caller is either in line or on stage."""
    joins(ada)
    (caller,) = waiting_line.list_waiting(redis, line.id)
    for command in ("hset", "expire"):
        monkeypatch.setattr(redis, command, lambda *_, **__: pytest.fail("a second step"))
    assert waiting_line.move_to_stage(redis, line.id, caller) == ""
    assert waiting_line.on_stage(redis, line.id) == Caller(ada.call_sid, caller.name)


def test_caption_is_shown_once_it_is_approved(line, ada, act, redis):
    joins(ada, "call me on +447700900999 about <b>webhooks</b>")
    act("bring-on")
    assert line.stage_values(SceneView(redis, "open"))["caption"] == ""
    (item,) = moderation.list_pending(redis, [line.id])
    act("approve", item.id)
    caption = line.stage_values(SceneView(redis, "open"))["caption"]
    assert "webhooks" in caption
    assert "447700900999" not in caption


def says_on_stage(post_as_twilio, person, words, number=2, data="", **more):
    data = data or json.dumps({"transcript": words, "confidence": 0.9})
    fields = {"TranscriptionEvent": "transcription-content", "TranscriptionSid": "GT" + "1" * 32, "Final": "true"}
    fields |= {"CallSid": person.call_sid, "SequenceId": str(number), "TranscriptionData": data} | more
    return post_as_twilio("/voice/line/caption?scene=line", fields).status_code


def test_sentences_of_the_caller_on_stage_are_captions_once_approved(line, ada, bob, act, redis, post_as_twilio):
    joins(ada)
    joins(bob, "")
    act("bring-on")
    for number, person, words in (
        (2, ada, "Hello."),
        (3, ada, "I have a question."),
        (3, ada, "again"),
        (2, bob, "Hi"),
    ):
        assert says_on_stage(post_as_twilio, person, words, number) == 204
    waiting = moderation.list_pending(redis, [line.id])
    assert [item.words for item in waiting] == ["webhooks", "Hello.", "I have a question."]
    for item in waiting:
        act("approve", item.id)
        assert line.stage_values(SceneView(redis, "open"))["caption"] == item.words


def test_words_that_may_still_change_are_no_caption(line, ada, act, redis, post_as_twilio):
    joins(ada, "")
    act("bring-on")
    says_on_stage(post_as_twilio, ada, "I have", Final="false", Stability="0.9")
    assert moderation.list_pending(redis, [line.id]) == []


@pytest.mark.parametrize("action", ["end", "next-caller"])
def test_captions_of_a_past_call_need_no_decision(line, ada, bob, act, redis, post_as_twilio, action):
    joins(ada)
    joins(bob, "retries")
    act("bring-on")
    says_on_stage(post_as_twilio, ada, "Hello.")
    act(action)
    assert [item.words for item in moderation.list_pending(redis, [line.id])] == ["retries"]


@pytest.mark.parametrize("data", ["x", "[]", "{}", '{"transcript": 5}', "[" * 5000])
def test_nonsense_transcript_is_no_error(line, ada, act, post_as_twilio, data):
    joins(ada)
    act("bring-on")
    assert says_on_stage(post_as_twilio, ada, "", data=data) == 204


def test_caller_on_stage_is_transcribed_if_the_talk_file_says_so():
    assert "<Transcription " in line_documents.connect_caller("line", is_transcribed=True)
    assert "<Transcription " not in line_documents.connect_caller("line", is_transcribed=False)


def test_closed_line_takes_nobody(line, ada, redis):
    ada.dials().presses("1")
    show_state.set_phase(redis, line, CLOSED)
    ada.says("webhooks")
    assert "closed" in ada.heard
    assert names(line, redis) == []


def test_full_queue_is_explained(line, ada, redis, post_as_twilio):
    joins(ada)
    ada._listens(ada.next, {"QueueResult": "queue-full"})
    assert "cannot take your call" in ada.heard
    assert names(line, redis) == []


def test_redirect_out_of_the_queue_does_not_remove_the_caller_from_the_stage(line, ada, act, twilio, redis):
    left = joins(ada).next
    act("bring-on")
    ada._listens(left, {"QueueResult": "redirected"})
    assert waiting_line.on_stage(redis, line.id).sid == ada.call_sid
    act("end")
    assert twilio.redirected[-1] == (ada.call_sid, f"{PUBLIC_URL}/voice/line/thanks?scene=line")


def test_presenters_phone_is_called_for_the_next_caller_if_twilio_refused_the_call(line, ada, bob, act, twilio):
    joins(ada)
    joins(bob)
    twilio.create_error = TwilioRestException(503, "/Calls.json")
    with pytest.raises(TwilioRestException):
        act("bring-on")
    twilio.create_error = None
    act("next-caller")
    assert len(twilio.dialed) == 2


def test_paused_talk_takes_nobody_into_the_line(line, ada, redis):
    ada.dials().presses("1")
    redis.hset(show_state.STATE_KEY, "paused", 1)
    assert "short break" in ada.says("webhooks").heard
    assert names(line, redis) == []
