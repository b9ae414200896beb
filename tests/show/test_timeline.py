"""The scene `timeline`: what the audience sees of calls and texts, before and after approval."""

import re
from dataclasses import replace

import pytest

from show import show_state
from stage.blueprint import get_event_stream
from tests.support.person import Person

SECRET = "ban the bananas"


@pytest.fixture
def scene(go):
    return go("timeline")


@pytest.fixture
def look(app, scene, visitor):
    """The scene's HTML, without what is never from the audience."""

    def render():
        html = visitor.get("/").text
        return html[html.index('<div id="stage">') :]

    return render


@pytest.fixture
def opened(app):
    """The talk shows free text at once."""
    app.extensions["talk"] = replace(app.extensions["talk"], moderation="open")


def lanes(html):
    """(kind, name, request, answer, state) of each lane."""
    return [
        tuple(re.sub("<[^>]+>", "", part).strip() for part in re.findall(r"<p[^>]*>.*?</p>", lane, re.DOTALL)[:5])
        for lane in re.findall(r'<li id="lane-.*?(?=<li id="(?:lane|free)-|<p class="more")', html, re.DOTALL)
    ]


def test_empty_scene_invites_with_an_example(look):
    assert "Be the first: text <b>flip</b>" in look()
    assert "+44 7700 900100" in look()


def test_text_is_a_lane_with_a_friendly_name(look, person):
    person.texts("time")
    [(kind, name, request, answer, label)] = lanes(look())
    assert (kind, request) == ("Text", "“time”")
    assert answer.startswith("It is ")
    assert label.startswith("answered in ")
    assert len(name.split()) == 2
    assert "900" not in name


def test_free_text_is_a_number_of_characters_until_it_is_approved(look, scene, person, redis):
    person.texts(SECRET)
    assert lanes(look())[0][2:] == ("“a text of 15 characters”", "Waiting for the presenter.", "not shown yet")
    assert "banana" not in look()
    entry = re.search(r'id="lane-(SM\w+)"', look())[1]
    scene.perform(redis, "approve", entry)
    assert lanes(look())[0][2:] == (f"“{SECRET}”", lanes(look())[0][3], "not understood")


@pytest.mark.parametrize(
    "body", ["check bananas.example", "follow bananas", "time bananas", "webhook https://bananas.example/x"]
)
def test_arguments_and_answers_that_may_repeat_them_are_not_shown(look, person, body):
    person.texts(body)
    assert "banana" not in look()
    assert f"“{body.split()[0]} …”" in look()


@pytest.mark.parametrize("body", ["check bananas.example", SECRET])
def test_what_workers_say_about_free_text_is_not_shown(look, person, app, redis, stage_events, body):
    person.texts(body)
    sid = "SM" + "0" * 31 + "1"
    stage_events.publish("answer.progress", sid, answer_id="a", done=0.5, words="asking bananas.example")
    stage_events.publish("answer.ready", sid, answer_id="a", answer="bananas.example is up.", seconds=1)
    stage_events.publish("text.sent", sid, answer="bananas.example is up.", segments=1)
    assert "banana" not in look()


def test_answer_to_a_text_that_the_stage_no_longer_knows_is_not_shown(look, stage_events):
    stage_events.publish("text.sent", "SM" + "8" * 32, answer="bananas.example is up.", segments=1)
    assert "banana" not in look()


def test_spoken_words_are_not_shown(look, person):
    person.dials().says(SECRET)
    assert "said something" in look()
    assert "banana" not in look()


def test_vote_is_not_shown_while_the_result_is_hidden(go, person, look):
    go("tabs")
    person.texts("tabs")
    person.dials().presses("1")
    go("timeline")
    assert "tabs" not in look().lower()
    assert {lane[2:4] for lane in lanes(look())} == {
        ("took part", "For the scene on stage."),
        ("pressed a key", "For the scene on stage."),
    }
    assert "characters" not in look()  # tabs has four


def test_open_talk_shows_neither_votes_nor_what_a_scene_has_not_approved(opened, go, person, look):
    go("tabs")
    person.texts("tabs")
    person.dials().presses("1").says("spaces")
    go("wall")
    person.texts("ban the bananas")
    go("timeline")
    assert not re.search("tabs|spaces|bananas", look().lower())
    assert "On the line" in look()


def test_open_talk_shows_words_with_numbers_addresses_and_links_masked(opened, look, person):
    person.texts("ring 07700 900123, ann@mail.example, https://hear.example/secret?key=1")
    request = lanes(look())[0][2]
    assert "900123" not in look()
    assert "ann@" not in look()
    assert "secret" not in look()
    assert "hear.example" in request


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<script>alert(1)</script>", "“&lt;script&gt;alert(1)&lt;/script&gt;”"),
        ("\u202eevil\u202c \u2067x\u2069", "“evil x”"),
        ("Z" + "\u0336" * 60 + "algo", "“Z\u0336\u0336algo”"),
        ("x" * 1600, "“" + "x" * 119 + "…”"),
        ("👩‍👩‍👧 hi", "“👩‍👩‍👧 hi”"),
    ],
)
def test_hostile_text_is_one_harmless_line(opened, look, person, body, shown):
    person.texts(body)
    assert lanes(look())[0][2] == shown


def test_live_call_stays_while_a_crowd_texts(look, person, post_as_twilio):
    person.dials().presses("1")
    for number in range(30):
        Person(post_as_twilio, f"+4477009{number:05}").texts("time", sid=f"SM{number:032x}")
    assert [lane[0].partition(",")[0] for lane in lanes(look())] == ["On the line", "Text", "Text", "Text"]
    assert "and 27 more" in look()


def test_pinned_entry_has_the_first_lane_until_it_is_unpinned(look, scene, person, redis):
    for number in range(3):
        person.texts("time", sid=f"SM{number:032x}")
    scene.perform(redis, "pin", f"SM{2:032x}")
    assert re.findall(r'id="lane-SM0*(\d)"', look()) == ["2", "1", "0"]
    assert "Pinned" in look()
    scene.perform(redis, "pin", f"SM{2:032x}")
    assert show_state.load(redis).pinned == ""
    assert re.findall(r'id="lane-SM0*(\d)"', look()) == ["0", "1", "2"]


def test_hidden_entry_is_not_on_the_stage(look, scene, person, redis):
    person.texts("time")
    scene.perform(redis, "hide", "SM" + "0" * 31 + "1")
    assert "lane-SM" not in look()


def test_event_told_to_many_is_one_lane(look, stage_events, visitor, app):
    id = stage_events.publish("webhook.received", "", provider="github", event="push", summary="Somebody pushed.")
    for number in range(22):
        stage_events.publish("text.sent", id, who=f"+44 ••• {number}", answer="Somebody pushed.", is_notification=True)
    [(kind, name, _, answer, label)] = lanes(look())
    assert (kind, name, answer, label) == ("Webhook", "Github", "Somebody pushed.", "told 22 people")


def test_footer_counts_calls_and_texts(look, person):
    person.texts("time")
    person.dials()
    assert "1 answered · 1 on the line" in look()


def test_all_screens_show_the_same_after_a_restart(look, person, app):
    for number in range(12):
        person.texts("time", sid=f"SM{number:032x}")
    before = look()
    app.extensions.pop("event_stream")
    assert [lane[1:4] for lane in lanes(look())] == [lane[1:4] for lane in lanes(before)]
    with app.app_context():
        assert get_event_stream().timeline.board.count_more() == 8
