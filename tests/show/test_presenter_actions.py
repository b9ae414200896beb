"""`/present/talk`: the presenter's actions, as a form and as JSON."""

import re

import pytest
from rq.job import Job

from show import moderation, waiting_line
from show.privacy import purge
from tests.support.person import PUBLIC_URL, Person

JSON = {"Accept": "application/json"}


@pytest.fixture
def do(app, settings):
    """The presenter's browser: performs an action and returns the new state."""
    browser = app.test_client()

    def request(path, **options):
        return browser.open(path, base_url=PUBLIC_URL, headers=JSON, **options)

    token = re.search(r'name="csrf_token" value="([^"]+)"', request("/present/login").text)[1]
    request("/present/login", method="POST", data={"password": settings.presenter_password, "csrf_token": token})

    def perform(do="", **fields):
        now = request("/present/talk").json
        data = {"token": now["token"], "do": do, **fields}
        return request("/present/talk", method="POST", data=data).json if do else now

    perform.request = request
    return perform


def test_state_needs_a_session(visitor):
    assert visitor.get("/present/talk").status_code == 403
    assert visitor.post("/present/talk", data={"do": "next"}).status_code == 303
    assert visitor.get("/?scene=2").status_code == 403
    assert visitor.get("/events?scene=2").status_code == 403


def test_presenter_moves_through_the_talk(do):
    assert do()["kind"] == "number"
    assert do("next")["id"] == "tabs"
    assert do("go", scene="1")["scene"] == 1
    assert do("previous")["scene"] == 1


def test_next_pressed_twice_on_the_same_scene_moves_once(do):
    assert do("next", scene="1")["scene"] == 2
    assert do("next", scene="1")["scene"] == 2
    assert do("previous", scene="2")["scene"] == 1
    assert do("previous", scene="2")["scene"] == 1


def test_back_leads_to_the_scene_before_even_if_the_current_one_was_chosen_again(do):
    do("next")
    do("go", scene="2")
    assert do("back")["scene"] == 1


def test_poll_is_closed_and_revealed(do, person):
    do("next")
    person.texts("tabs")
    assert do()["figures"] == {"votes": {"tabs": 1, "spaces": 0, "both": 0}, "people": 1}
    assert do()["phase"] == "open"
    assert do("close")["phase"] == "closed"
    assert do("reveal")["phase"] == "revealed"
    assert do("reset")["figures"]["people"] == 0


def test_switches_are_in_the_state(do):
    assert do("blank")["blank"] and not do("unblank")["blank"]
    assert do("pause")["paused"] and not do("resume")["paused"]
    assert do("hold")["held"] and not do("release")["held"]


@pytest.mark.parametrize(
    "fields",
    [
        {"do": "dance"},
        {"do": "go", "scene": "99"},
        {"do": "go", "scene": "x"},
        {"do": "next", "scene": "x"},
        {"do": "reveal"},
    ],
)
def test_impossible_action_is_explained_and_changes_nothing(do, fields):
    assert "scene" in do(**fields)["error"] or "use" in do(**fields)["error"]
    assert do()["scene"] == 1


def test_paused_talk_says_so_politely(do, person):
    do("pause")
    assert "short break" in person.texts("flip")
    assert "short break" in person.dials().heard


def test_action_without_the_token_is_refused(do):
    assert do.request("/present/talk", method="POST", data={"do": "next"}).status_code == 400
    assert do()["scene"] == 1


def test_restart_leaves_nothing_of_a_rehearsal(do, person):
    app = person.post.app
    for position, scene in enumerate(app.extensions["talk"].scenes, 1):
        do("go", scene=str(position))
        if scene.is_answerable:
            do("open")
        person.texts("3" if scene.kind == "score" else "tabs")
    assert len(app.extensions["redis"].keys("show:*")) > 10
    do("restart")
    assert set(app.extensions["redis"].keys("show:*")) == {b"show:audit"}


def test_restart_forgets_the_votes(do, person):
    do("next")
    person.texts("tabs")
    assert do("restart")["scene"] == 1
    assert do("next")["figures"]["people"] == 0


def test_restart_takes_the_texts_of_the_rehearsal_off_the_stage(do, person, app):
    person.texts("flip")
    timeline = str(app.extensions["talk"].positions["timeline"])
    do("go", scene=timeline)
    assert "I flipped a coin" in do.request("/").text
    do("restart")
    do("go", scene=timeline)
    assert "Nobody has called yet." in do.request("/").text


def test_item_of_another_scene_is_approved(do, person):
    wall = str(person.post.app.extensions["talk"].positions["wall"])
    do("go", scene=wall)
    person.texts("Hello from Leeds")
    do("go", scene="1")
    [item] = moderation.list_pending(person.post.app.extensions["redis"], ["wall"])
    do("scene-action", action="approve", item=item.reference)
    assert do("go", scene=wall)["figures"] == {"approved": 1, "pending": 0}


def test_ban_hides_what_the_person_has_waiting_in_every_scene(do, person, post_as_twilio, app, redis):
    other, positions = Person(post_as_twilio, "+447700900555"), app.extensions["talk"].positions
    for scene, words in (("questions", "Why?"), ("words", "curse"), ("words", "banana"), ("wall", "Hello")):
        do("go", scene=str(positions[scene]))
        person.texts(words)
        if words == "banana":
            other.texts("banana", sid="SM" + "5" * 32)
    [item] = moderation.list_pending(redis, ["wall"])
    do("scene-action", action="ban", item=item.reference)
    waiting = moderation.list_pending(redis, ["questions", "words", "wall"])
    assert [item.words for item in waiting] == ["banana"]
    assert do("go", scene=str(positions["words"]))["figures"] == {"words": {"banana": 1}}


def test_restart_gives_the_friendly_names_of_a_rehearsal_back(do, person, redis):
    person.texts("time")
    assert redis.hlen("show:names") == 1
    do("restart")
    assert not redis.exists("show:names", "show:names:taken")


@pytest.mark.parametrize("end", ["reset", "restart", "purge"])
def test_callers_in_line_are_thanked_when_the_line_is_deleted(do, person, post_as_twilio, app, redis, end):
    """Otherwise they would wait in Twilio's queue for a presenter who no longer sees them."""
    line = app.extensions["talk"].find("line")
    do("go", scene=str(app.extensions["talk"].positions["line"]))
    calls = ["CA" + digit * 32 for digit in "ab"]
    for sid in calls:
        person.call_sid = sid
        person.dials().presses("1").says("webhooks")
    do("scene-action", action="bring-on")
    redis.set(waiting_line.presenter_key(line.id), "CA" + "c" * 32)
    queue = app.extensions["queues"].by_name["callers"]
    queue.empty()
    with app.app_context():
        purge.purge_everything(redis, app.extensions["talk"], "a presenter") if end == "purge" else do(end)
    jobs = [Job.fetch(id, redis, serializer=queue.serializer) for id in queue.job_ids]
    assert {(job.func_name.rpartition(".")[2], job.args[1]) for job in jobs} == {
        ("say_thanks", calls[0]),
        ("say_thanks", calls[1]),
        ("hang_up_presenter", "CA" + "c" * 32),
    }
