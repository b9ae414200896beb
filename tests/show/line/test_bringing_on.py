"""The presenter brings callers on stage one by one."""

import pytest

import events
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES
from show import waiting_line
from show.base_scene import SceneError, SceneView
from show.waiting_line import Caller
from tests.show.line.callers import PRESENTER_CALL, hangs_up, joins, names
from tests.support.person import PUBLIC_URL


def test_first_caller_is_brought_on_and_the_presenters_phone_rings(line, ada, bob, act, twilio, redis):
    joins(ada)
    joins(bob)
    act("bring-on")
    assert twilio.redirected == [(ada.call_sid, f"{PUBLIC_URL}/voice/line/stage?scene=line{CONNECTION_OVERRIDES}")]
    assert [call["to"] for call in twilio.dialed] == ["+447700900299"]
    assert line.figures(SceneView(redis))["waiting"] == 1
    assert waiting_line.on_stage(redis, line.id).sid == ada.call_sid


def test_next_caller_follows_without_calling_the_presenter_again(line, ada, bob, act, twilio):
    joins(ada)
    joins(bob)
    act("bring-on")
    act("next-caller")
    assert twilio.redirected[1:] == [
        (ada.call_sid, f"{PUBLIC_URL}/voice/line/thanks?scene=line{CONNECTION_OVERRIDES}"),
        (bob.call_sid, f"{PUBLIC_URL}/voice/line/stage?scene=line{CONNECTION_OVERRIDES}"),
    ]
    assert len(twilio.dialed) == 1


def test_end_hangs_up_both(line, ada, act, twilio, redis):
    joins(ada)
    act("bring-on")
    act("end")
    assert twilio.redirected[-1] == (ada.call_sid, f"{PUBLIC_URL}/voice/line/thanks?scene=line{CONNECTION_OVERRIDES}")
    assert twilio.completed == [(PRESENTER_CALL, "completed")]
    assert waiting_line.on_stage(redis, line.id) is None


@pytest.mark.parametrize("action", ["next-caller", "end"])
def test_button_pressed_twice_ends_one_conversation(line, ada, bob, act, redis, action):
    for person in (ada, bob):
        joins(person)
    act("bring-on")
    pressed_on = line.button_item(SceneView(redis), action)
    act("next-caller", pressed_on)
    with pytest.raises(SceneError, match="has come on stage in the meantime"):
        act(action, pressed_on)
    assert waiting_line.on_stage(redis, line.id).sid == bob.call_sid


def test_next_caller_pressed_twice_before_the_first_conversation_brings_on_one(line, ada, bob, act, redis):
    for person in (ada, bob):
        joins(person)
    pressed_on = line.button_item(SceneView(redis), "next-caller")
    act("next-caller", pressed_on)
    with pytest.raises(SceneError, match="has come on stage in the meantime"):
        act("next-caller", pressed_on)
    assert waiting_line.on_stage(redis, line.id).sid == ada.call_sid


def test_next_caller_follows_one_who_hung_up_before_the_button_was_pressed(line, ada, bob, act, redis, post_as_twilio):
    for person in (ada, bob):
        joins(person)
    act("bring-on")
    pressed_on = line.button_item(SceneView(redis), "next-caller")
    hangs_up(post_as_twilio, ada)
    act("next-caller", pressed_on)
    assert waiting_line.on_stage(redis, line.id).sid == bob.call_sid


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


def test_redirect_out_of_the_queue_does_not_remove_the_caller_from_the_stage(line, ada, act, twilio, redis):
    left = joins(ada).next
    act("bring-on")
    ada._listens(left, {"QueueResult": "redirected"})
    assert waiting_line.on_stage(redis, line.id).sid == ada.call_sid
    act("end")
    assert twilio.redirected[-1] == (ada.call_sid, f"{PUBLIC_URL}/voice/line/thanks?scene=line{CONNECTION_OVERRIDES}")
