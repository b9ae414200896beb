"""The stage page as the server renders it, without JavaScript."""

import re

import pytest

from stage.phone_number_format import format_phone_number
from tests.support.processes import ROOT
from tests.support.stage_app import NUMBER, make

LOOK = (ROOT / "static/tokens.css").read_text()


def test_page_shows_the_current_scene_without_javascript(stage_events, visitor):
    stage_events.vote(3)
    page = visitor.get("/").text
    assert "Tabs or spaces?" in page
    assert "3 voted" in page
    assert "+44 7700 900100" in page


def test_blank_stage_shows_nothing_of_the_scene(stage_events, visitor):
    stage_events.redis.hset("show:state", "blank", 1)
    stage_events.redis.expire("show:state", 60)
    page = visitor.get("/").text
    assert 'data-scene="blank"' in page
    assert "Tabs" not in page


def test_page_without_redis_says_that_it_is_not_up_to_date():
    answer = make("redis://127.0.0.1:1").test_client().get("/")
    assert answer.status_code == 200
    assert "Redis is not responding. This page will continue by itself." in answer.text


@pytest.mark.parametrize("path", ["/", "/present/login", "/health/live"])
def test_content_security_policy(visitor, path):
    answer = visitor.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert " style=" not in answer.text
    assert not re.search(r"<script(?![^>]* src=)", answer.text)


@pytest.mark.parametrize(("query", "theme"), [("?theme=dark", ' data-theme="dark"'), ("?theme=%22%3E", ""), ("", "")])
def test_theme_can_be_chosen_in_the_url(visitor, query, theme):
    assert f'<html lang="en"{theme}>' in visitor.get("/" + query).text


def test_number_is_formatted_nationally():
    assert format_phone_number(NUMBER) == "+44 7700 900100"
    assert format_phone_number("+15005550006") == "+1 500-555-0006"


COLOURS = {name: pair for name, *pair in re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", LOOK)}


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("behind", ["background", "panel"])
@pytest.mark.parametrize("ink", ["text", "secondary", "now", "success", "waiting", "failed"])
def test_text_contrast_is_at_least_7_to_1(ink, behind, theme):
    dark, light = sorted((luminance(COLOURS[ink][theme]), luminance(COLOURS[behind][theme])))
    assert (light + 0.05) / (dark + 0.05) >= 7  # https://www.w3.org/TR/WCAG22/#contrast-enhanced
