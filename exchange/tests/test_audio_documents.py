"""Audio files in place of the documents for waiting, holding, announcing and whispering."""

import pytest
from aiohttp import web

from ringback.sound import wav
from test_conferences import all_in, conference
from test_queues import AGENT


@pytest.fixture(autouse=True)
def music(app):
    app.answers["/music.wav"] = lambda asked: web.Response(body=wav.to_wav(wav.beep(1.0)), content_type="audio/wav")
    return f"{app.origin}/music.wav"


def test_participant_on_hold_hears_an_audio_file(app, exchange, client, music, ada, ben):
    app.answers["/voice"] = conference()
    all_in(ada, ben)
    (room,) = client.conferences.list()
    person = client.conferences(room.sid).participants(ada.sid)
    person.update(hold=True, hold_url=music)
    ada.hears_items("Play", 1)
    person.update(hold=False)
    ben.speaks("Back again")
    ada.hears("Back again")
    assert exchange.alerts() == []


def test_announcement_may_be_an_audio_file(app, exchange, client, music, ada, ben):
    app.answers["/events"] = ""
    app.answers["/voice"] = conference('statusCallback="/events" statusCallbackEvent="announcement"')
    all_in(ada, ben)
    (room,) = client.conferences.list()
    client.conferences(room.sid).update(announce_url=music)
    assert app.was_asked("/events")[0]["StatusCallbackEvent"] == "announcement-end"
    ben.hears_items("Play", 1)
    assert exchange.alerts() == []


def test_conference_may_begin_with_an_audio_file(app, exchange, music, ada):
    app.answers["/voice"] = conference(f'waitUrl="{music}"')
    all_in(ada)
    ada.hears_items("Play", 1)
    assert exchange.alerts() == []


def test_caller_in_a_queue_hears_an_audio_file_until_an_agent_comes(app, exchange, music, ada, ben):
    app.answers["/voice"] = f'<Response><Enqueue waitUrl="{music}">support</Enqueue></Response>'
    ada.dials()
    ada.hears_items("Play", 1)
    exchange.time_passes(1)
    ada.hears_items("Play", 2)
    app.answers["/voice"] = AGENT.format("", "")
    ben.dials()
    ben.listens_for("talk")
    ben.speaks("There you are")
    ada.hears("There you are")


def test_whisper_may_be_an_audio_file(app, music, ada, ben):
    app.answers["/voice"] = f'<Response><Dial><Number url="{music}">{ben.number}</Number></Dial></Response>'
    ada.dials()
    ben.answers()
    ada.speaks("Hello")
    ben.hears("Hello")
    ben.hears_items("Play", 1)
