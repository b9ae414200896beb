"""Moderation on the console: what the audience has sent to a scene with free text waits for the presenter."""

import re

import pytest

from tests.support.person import PUBLIC_URL
from tests.support.presenter import Presenter

TALK = """
title = "A talk"
[[scene]]
kind = "wall"
[[scene]]
kind = "number"
"""
ATTACK = "<script>alert(1)</script>\u202e"


@pytest.fixture
def environ(environ, tmp_path):
    (tmp_path / "talk.toml").write_text(TALK)
    return environ | {"TALK": str(tmp_path / "talk.toml")}


@pytest.fixture
def app(settings, redis):
    from app import create_app

    return create_app(settings, redis)


@pytest.fixture
def presenter(app, settings):
    somebody = Presenter(app, base_url=PUBLIC_URL)
    somebody.tries(settings.presenter_password)
    return somebody


def decide(presenter, action):
    page = presenter.get("/present").text
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    item = re.search(rf'name="action" value="{action}"><input type="hidden" name="item" value="([^"]+)"', page)[1]
    presenter.post("/present/talk", token=token, do="scene-action", action=action, item=item)


def test_text_waits_and_is_approved(presenter, person):
    person.texts("hello, all of you")
    assert "Waiting for you · 1" in presenter.get("/present").text
    decide(presenter, "approve")
    page = presenter.get("/present").text
    assert "Waiting for you" not in page
    assert "On stage" in page
    assert "hello, all of you" in page


def test_item_can_be_decided_while_another_scene_is_shown(presenter, person):
    person.texts("hello, all of you")
    page = presenter.get("/present").text
    presenter.post("/present/talk", token=re.search(r'name="token" value="([^"]+)"', page)[1], do="next")
    decide(presenter, "hide")
    assert "Waiting for you" not in presenter.get("/present").text


def test_markup_is_text(presenter, person):
    person.texts(ATTACK)
    page = presenter.get("/present").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page
