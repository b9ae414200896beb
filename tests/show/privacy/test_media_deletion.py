"""Recordings and pictures are deleted at Twilio."""

import time

import pytest

from show.privacy import purge
from tests.support.person import ME
from workers import answer_delivery, pending_answers, recording_waveform


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
