"""The stage without JavaScript: what the server draws."""

import re
from functools import cache

import pytest

from stage.views import format_phone_number
from tests.support.processes import ROOT
from tests.support.stage_app import NUMBER, make

LOOK = (ROOT / "static/base.css").read_text()


@cache
def template():
    return make("redis://127.0.0.1:1").jinja_env.get_template("stage/_timeline_entry.html")


def drawn(story):
    return template().render(entry=story)


def test_nobody_has_called_yet_so_the_page_invites(visitor):
    page = visitor.get("/").text
    assert "+44 7700 900100" in page
    assert "Nobody has called yet. Be the first" in page
    assert 'id="entry-' not in page


def test_the_page_arrives_drawn(room, visitor):
    room.texts("SM1", words="time", answer="It is 14:05.")
    page = visitor.get("/").text
    assert "“time”" in page
    assert "answered in 6 ms" in page
    assert f'data-last="{room.ids()[-1]}"' in page


def test_the_newest_stands_first(room, visitor):
    room.texts("SM1")
    room.texts("SM2")
    assert re.findall(r'id="entry-(\w+)"', visitor.get("/").text) == ["SM2", "SM1"]


def test_hostile_words_are_words(room, visitor):
    room.texts("SM1", words="<script>alert(1)</script>", answer='"><img src=x onerror=alert(1)>')
    page = visitor.get("/").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_number_somebody_forgot_to_mask_is_masked(room, visitor):
    for kind, fact in [("text.received", "who"), ("text.received", "words"), ("text.answered", "answer")]:
        room.happens(kind, "SM1", **{fact: "call +447700900999"})
    room.happens("text.failed", "SM1", reason="+447700900999 said STOP")
    room.happens("delivery.rejected", "", address="/sms/%2B447700900999", reason="+447700900999")
    page = visitor.get("/").text
    assert "447700900999" not in page
    assert "+44 ••• 999" in page


def test_a_message_is_drawn_as_a_wave(room, visitor):
    room.happens("recording.ready", "CA1", seconds=7, loudness=-18, peaks=[0, 0.5, 1])
    assert 'd="M2 23.0V25.0M6 12.0V36.0M10 1.0V47.0"' in visitor.get("/").text


def test_repeats_refusals_and_the_brake_are_said_in_words(room, visitor):
    room.texts("SM1")
    for _ in range(9):
        room.happens("delivery.duplicate", "SM1")
    room.happens("delivery.rejected", address="/sms", reason="The signature is missing.")
    room.happens("sending.stopped", reason="more than 600 texts in a minute")
    page = visitor.get("/").text
    assert "delivered 10 times, answered once" in page
    assert "Rejected requests: 1." in page
    assert "All sending is stopped: more than 600 texts in a minute" in page


def test_a_page_without_its_store_says_that_it_is_behind():
    answer = make("redis://127.0.0.1:1").test_client().get("/")
    assert answer.status_code == 200
    assert "Not up to date: Redis is not responding." in answer.text


@pytest.mark.parametrize("path", ["/", "/present/login", "/health/live"])
def test_nothing_inline_may_run_and_nothing_may_frame_us(visitor, path):
    answer = visitor.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert " style=" not in answer.text
    assert not re.search(r"<script(?![^>]* src=)", answer.text)


@pytest.mark.parametrize(("query", "theme"), [("?theme=dark", ' data-theme="dark"'), ("?theme=%22%3E", ""), ("", "")])
def test_the_address_may_choose_the_theme(visitor, query, theme):
    assert f'<html lang="en"{theme}>' in visitor.get("/" + query).text


def test_the_number_is_written_as_its_country_does():
    assert format_phone_number(NUMBER) == "+44 7700 900100"
    assert format_phone_number("+15005550006") == "+1 500-555-0006"


COLOURS = {name: pair for name, *pair in re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", LOOK)}


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("behind", ["background", "card"])
@pytest.mark.parametrize("ink", ["text", "muted", "accent", "success", "waiting", "failed"])
def test_every_colour_of_text_can_be_read_from_the_back_row(ink, behind, theme):
    dark, light = sorted((luminance(COLOURS[ink][theme]), luminance(COLOURS[behind][theme])))
    assert (light + 0.05) / (dark + 0.05) >= 7  # https://www.w3.org/TR/WCAG22/#contrast-enhanced
