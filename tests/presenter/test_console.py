"""The presenter's console."""

import re
import time

import pytest
import redis as redis_client

from sending import outbox, text_circuit_breaker
from sending.outbox import OutboundMessage
from show.privacy import purge_receipts
from show.privacy.purge_receipts import PurgeReceipt
from tests.support.stage_app import PASSWORD, loses_its_store


@pytest.fixture
def presenter(presenter):
    presenter.tries(PASSWORD)
    return presenter


def do(presenter, do, **fields):
    token = re.search(r'name="token" value="([^"]+)"', presenter.get("/present").text)[1]
    return presenter.post("/present/talk", token=token, do=do, **fields)


def test_console_shows_scene_notes_and_what_comes_next(presenter):
    page = presenter.get("/present").text
    assert "Scene 1 of" in page
    assert "Ask them to text flip." in page
    assert "Tabs or spaces? ›" in page


def test_figures_are_shown_to_the_presenter_while_hidden_from_the_room(presenter, stage_events):
    do(presenter, "next")
    stage_events.redis.hset("show:votes:tabs", mapping={"a": "tabs", "b": "tabs", "c": "spaces"})
    stage_events.redis.expire("show:votes:tabs", 60)
    page = presenter.get("/present").text
    assert "Poll · open · 3 people" in page
    assert re.search(r"tabs</span> .*<b>2</b>", page)
    assert "Hidden from the room" in page


def test_buttons_are_those_of_the_phase(presenter):
    do(presenter, "next")
    assert re.findall(r'value="(close|open|reveal)"', presenter.get("/present").text) == ["close", "reveal"]
    do(presenter, "reveal")
    assert re.findall(r'value="(close|open|reveal)"', presenter.get("/present").text) == ["open"]


def test_button_that_is_pressed_twice_takes_effect_once(presenter, stage_events):
    page = presenter.get("/present").text
    xray = re.search(r'name="scene" value="(\d+)">\s*<button class="plain">\d+\. Xray', page)[1]
    do(presenter, "go", scene=xray)
    [item] = re.findall(
        r'name="action" value="step"><input type="hidden" name="item" value="(\d)"', presenter.get("/present").text
    )
    for _ in range(2):
        do(presenter, "scene-action", action="step", item=item, scene=xray)
    assert stage_events.redis.hget("show:xray:xray", "picture") == b"1"


@pytest.mark.parametrize(
    ("on", "off", "state"),
    [
        ("blank", "unblank", "Blank, by computer"),
        ("pause", "resume", "Paused, by computer"),
        ("hold", "release", "Sending held by computer"),
    ],
)
def test_switch_shows_its_state_and_who_pressed_it(presenter, on, off, state):
    page = presenter.get("/present").text
    assert f'value="{on}"' in page
    assert f'value="{off}"' not in page
    do(presenter, on)
    page = presenter.get("/present").text
    assert state in page
    assert f'value="{off}"' in page
    assert f'value="{on}"' not in page


def test_cost_of_held_texts_is_shown_in_advance(presenter, stage_events):
    do(presenter, "hold")
    for number in range(300):
        outbox.plan(stage_events.redis, OutboundMessage(f"answer:{number}", "+447700900201", "It is done.", ""))
    sentence = "300 replies at 1 segment per second take 5 minutes and cost about 12.00 GBP."
    assert sentence in presenter.get("/present").text


def test_problem_is_named_with_its_fix(presenter):
    page = presenter.get("/present").text
    assert "No worker is running" in page
    assert "python -m workers" in page


def test_stop_by_the_circuit_breaker_is_a_problem(presenter, stage_events):
    text_circuit_breaker.stop(stage_events.redis, "too many texts to one person")
    page = presenter.get("/present").text
    assert "Sending is stopped: too many texts to one person." in page
    assert 'value="release"' in page


def test_console_works_without_redis(presenter, monkeypatch):
    loses_its_store(presenter.client.application, monkeypatch)
    page = presenter.get("/present")
    assert page.status_code == 200
    assert "Redis is not responding." in page.text


def test_impossible_action_is_explained_on_the_page(presenter):
    do(presenter, "go", scene="99")
    assert "There is no scene 99" in presenter.get("/present").text


def test_escape_shows_what_was_shown_before(presenter):
    do(presenter, "next")
    do(presenter, "blank")
    do(presenter, "back")
    assert "Scene 2 of" in presenter.get("/present").text
    do(presenter, "back")
    assert "Scene 1 of" in presenter.get("/present").text


def test_stream_for_the_console_needs_a_session(app, presenter):
    assert app.test_client().get("/events?scene=console").status_code == 403
    assert presenter.get("/?scene=console").status_code == 404


def test_presenters_screen_that_is_behind_is_a_problem(presenter):
    report = {"id": "0123456789abcdef", "time": time.time() - 12, "size": "1920x1080"}
    presenter.client.post("/screens", data=report)
    page = presenter.get("/present").text
    assert "The screen of 1920x1080 is 12 s behind." in page
    assert "Check its network" in page


@pytest.mark.parametrize(
    ("page", "claim"),
    [
        ("audit", "Nobody has done anything yet"),
        ("backfill", "No requests"),
        ("privacy", "0 people have taken part"),
        ("privacy", "Nothing has been purged yet"),
    ],
)
def test_page_does_not_call_empty_what_the_store_cannot_return(presenter, monkeypatch, page, claim):
    assert claim in presenter.get(f"/present/{page}").text
    loses_its_store(presenter.client.application, monkeypatch)
    text = presenter.get(f"/present/{page}").text
    assert "Redis is not responding" in text
    assert claim not in text


def test_audit_log_says_who_did_what(presenter):
    do(presenter, "next")
    do(presenter, "hold")
    page = presenter.get("/present/audit").text
    assert re.findall(r"<td>(computer \w{4})</td><td>(\w+)</td>", page)[0][1] == "hold"
    assert "next" in page
    assert "hold" in presenter.get("/present").text


def test_stage_listens_to_keys_only_for_the_presenter(app, presenter):
    assert "stage_keys.js" in presenter.get("/").text
    assert "stage_keys.js" not in app.test_client().get("/").text


def test_privacy_page_purges_and_shows_the_receipt(presenter, stage_events):
    stage_events.redis.hset("show:names", "a", "Amber Otter")
    stage_events.redis.expire("show:names", 60)
    assert "1 person has taken part" in presenter.get("/present/privacy").text
    page = presenter.post("/present/privacy").text
    assert "0 people have taken part" in page
    assert "1 record<" in page


def test_receipt_of_an_automatic_purge_says_so(presenter, stage_events):
    purge_receipts.save_receipt(stage_events.redis, PurgeReceipt(1.0, 0.0, "time", {"calls": 1}))
    assert "· automatic · 1 record<" in presenter.get("/present/privacy").text


def test_purge_that_fails_says_so(presenter, monkeypatch):
    def purge_everything(*_):
        raise redis_client.ConnectionError

    monkeypatch.setattr("presenter.privacy_page.purge.purge_everything", purge_everything)
    answer = presenter.post("/present/privacy")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "not everything has been deleted" in answer.text
