"""Copies of a webhook, and the scene that shows them: ten deliveries, one effect, ten equal responses."""

import json

import pytest

import events
from receiving import stored_requests
from receiving.replay.loopback_client import LoopbackFailed
from show.base_scene import SceneError, SceneView
from show.scenes.idempotence import Idempotence, deliver_copies, find_last
from tests.receiving.replay.test_replay import text_delivery
from tests.support.person import TEXT_SID


@pytest.fixture
def text(served_app, redis):
    """Somebody has texted."""
    delivery = text_delivery(served_app, body="count")
    list(deliver_copies(served_app.settings, delivery, 1))  # the first delivery has the effect
    redis.delete("inbox")
    stored_requests.save(redis, delivery)
    return delivery


@pytest.fixture
def scene(served_app, monkeypatch):
    monkeypatch.setattr("context.settings", lambda: served_app.settings)
    return Idempotence(id="idempotence")


def published(redis, type):
    return [event for event in events.read_latest(redis, 1000) if event.type == type]


def test_copies_change_nothing_and_get_the_same_bytes(served_app, redis, text):
    results = list(deliver_copies(served_app.settings, text, 10))
    assert [result.status for result in results] == [200] * 10
    assert not any(result.had_effect for result in results)
    assert len({result.digest for result in results}) == 1
    assert len(published(redis, "text.received")) == 1


def test_last_webhook_is_one_that_twilio_sent(served_app, redis, text):
    newer = text_delivery(served_app, body="time", sid="SM" + "5" * 32)
    stored_requests.save(redis, newer)
    assert find_last(redis)["Body"] == "time"
    list(deliver_copies(served_app.settings, text, 1))
    assert find_last(redis)["Body"] == "time"


def test_scene_shows_ten_deliveries_one_effect_and_equal_responses(scene, redis, text):
    scene.perform(redis, "send-again", "")
    values = scene.stage_values(SceneView(redis))
    assert (len(values["results"]), values["effects"], values["are_equal"]) == (10, 1, True)
    assert scene.figures(SceneView(redis)) == {"copies": 10, "effects": 1}
    assert json.loads(redis.lindex(scene.key("copies"), 0)) == TEXT_SID
    assert len(published(redis, "show.changed")) == 11  # so the stage shows each copy


def test_button_pressed_again_while_copies_are_on_their_way_shows_ten(scene, redis, text, monkeypatch):
    started = []

    def deliver(*arguments):
        started.append(arguments)
        for number, result in enumerate(deliver_copies(*arguments)):
            if number == 4 and len(started) == 1:
                scene.perform(redis, "send-again", "")
            yield result

    monkeypatch.setattr("show.scenes.idempotence.deliver_copies", deliver)
    scene.perform(redis, "send-again", "")
    assert len(started) == 2
    assert len(scene.stage_values(SceneView(redis))["results"]) == 10


def test_without_a_webhook_the_presenter_is_told_what_to_do(scene, redis):
    with pytest.raises(SceneError, match="Text the number first"):
        scene.perform(redis, "send-again", "")


def test_app_that_cannot_be_reached_is_reported(scene, redis, text, monkeypatch):
    def fail(*_, **__):
        raise LoopbackFailed("https://talk.example did not respond")

    monkeypatch.setattr("receiving.replay.loopback_client.LoopbackClient.send", fail)
    with pytest.raises(SceneError, match="did not respond"):
        scene.perform(redis, "send-again", "")


def test_response_that_differs_is_not_called_equal(scene, redis):
    for number in range(2):
        row = {"status": 200, "digest": f"digest {number}", "had_effect": bool(number), "seconds": 0.1}
        redis.rpush(scene.key("copies"), *([json.dumps("SM1")] if not number else []), json.dumps(row))
    redis.expire(scene.key("copies"), 60)
    values = scene.stage_values(SceneView(redis))
    assert (values["effects"], values["are_equal"], values["is_idempotent"]) == (2, False, False)
