"""The stage page as the server renders it, without JavaScript."""

import re
from functools import cache

import pytest

from stage.views import format_phone_number
from tests.support.processes import ROOT
from tests.support.stage_app import NUMBER, make

LOOK = (ROOT / "static/tokens.css").read_text()


@cache
def template():
    return make("redis://127.0.0.1:1").jinja_env.get_template("stage/_timeline_entry.html")


def drawn(story):
    return template().render(entry=story)


def test_empty_page_invites(visitor):
    page = visitor.get("/").text
    assert "+44 7700 900100" in page
    assert "Nobody has called yet. Be the first" in page
    assert 'id="entry-' not in page


def test_page_is_rendered_with_the_timeline(stage_events, visitor):
    stage_events.publish_text("SM1", words="time", answer="It is 14:05.")
    page = visitor.get("/").text
    assert "“time”" in page
    assert "answered in 6 ms" in page
    assert f'data-last="{stage_events.ids()[-1]}"' in page


def test_newest_entry_is_first(stage_events, visitor):
    stage_events.publish_text("SM1")
    stage_events.publish_text("SM2")
    assert re.findall(r'id="entry-(\w+)"', visitor.get("/").text) == ["SM2", "SM1"]


def test_html_in_events_is_escaped(stage_events, visitor):
    stage_events.publish_text("SM1", words="<script>alert(1)</script>", answer='"><img src=x onerror=alert(1)>')
    page = visitor.get("/").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_unmasked_numbers_are_masked(stage_events, visitor):
    for kind, fact in [("text.received", "who"), ("text.received", "words"), ("text.answered", "answer")]:
        stage_events.publish(kind, "SM1", **{fact: "call +447700900999"})
    stage_events.publish("text.failed", "SM1", reason="+447700900999 said STOP")
    stage_events.publish("delivery.rejected", "", address="/sms/%2B447700900999", reason="+447700900999")
    page = visitor.get("/").text
    assert "447700900999" not in page
    assert "+44 ••• 999" in page


def test_recording_is_a_waveform(stage_events, visitor):
    stage_events.publish("recording.ready", "CA1", seconds=7, loudness=-18, peaks=[0, 0.5, 1])
    assert 'd="M2 23.0V25.0M6 12.0V36.0M10 1.0V47.0"' in visitor.get("/").text


def test_duplicates_rejections_and_stopped_sending_are_shown(stage_events, visitor):
    stage_events.publish_text("SM1")
    for _ in range(9):
        stage_events.publish("delivery.duplicate", "SM1")
    stage_events.publish("delivery.rejected", address="/sms", reason="The signature is missing.")
    stage_events.publish("sending.stopped", reason="more than 600 texts in a minute")
    page = visitor.get("/").text
    assert "delivered 10 times, answered once" in page
    assert "Rejected requests: 1." in page
    assert "All sending is stopped: more than 600 texts in a minute" in page


def test_page_without_redis_says_that_it_is_not_up_to_date():
    answer = make("redis://127.0.0.1:1").test_client().get("/")
    assert answer.status_code == 200
    assert "Not up to date: Redis is not responding." in answer.text


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
