"""The console in Chromium, on a phone and on a laptop at the same time."""

import base64
import re

import pytest
from playwright.sync_api import expect

from show import moderation
from show.moderation import Item
from tests.support.stage import StageServer
from tests.support.stage_app import PASSWORD
from tests.support.waiting import LIMIT_SECONDS, eventually

PICTURE = base64.b64decode(  # one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def server(store):
    running = StageServer(f"redis://127.0.0.1:{store.port}")
    yield running
    running.stop()


@pytest.fixture
def web(server, stage_events):
    """The server on an empty store, without viewers."""
    eventually(lambda: server.feed()["viewers"] == 0)
    server.get("/test/forget")
    return server


@pytest.fixture
def open_console(browser, web):
    contexts = []

    def open_page(width, height, **options):
        contexts.append(
            browser.new_context(viewport={"width": width, "height": height}, base_url=web.address, **options)
        )
        page = contexts[-1].new_page()
        page.goto("/present")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/present", wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_two_presenters_see_each_others_actions(open_console):
    phone, laptop = open_console(390, 844, user_agent="Mobile"), open_console(1280, 720)
    phone.get_by_role("button", name="Tabs or spaces? ›").click()
    expect(laptop.locator("#current h2")).to_have_text("Tabs or spaces?")
    phone.locator("summary", has_text="Hold sending").click()
    phone.get_by_role("button", name="Yes, hold sending").click()
    expect(laptop.locator(".switches .hold summary")).to_contain_text("Sending held by phone")
    expect(phone.locator(".switches .hold")).not_to_have_attribute("open", "")


def test_a_double_click_on_next_skips_no_scene(open_console):
    page = open_console(1280, 720)
    page.locator("form#next").evaluate("(form) => { form.requestSubmit(); form.requestSubmit(); }")
    expect(page.locator("#last-actions li")).to_have_text([re.compile("next 1")] * 2)
    expect(page.locator("#current h2")).to_have_text("Tabs or spaces?")


def test_refresh_that_is_overtaken_by_a_later_one_does_not_bring_the_old_scene_back(open_console, stage_events):
    page, held = open_console(1280, 720), []

    def hold_the_first(route):
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route("**/present/fragment", hold_the_first)
    with page.expect_request("**/present/fragment"):
        stage_events.vote()
    eventually(lambda: page.title() and held)
    page.locator("form#next button").click()
    expect(page.locator("#current h2")).to_have_text("Tabs or spaces?")
    (route, response) = held[0]
    with page.expect_response(lambda one: one.request == route.request):
        route.fulfill(response=response)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.locator("#current h2")).to_have_text("Tabs or spaces?", timeout=1)


def test_question_about_a_scene_that_another_presenter_leaves_resets_no_scene(open_console):
    phone, laptop = open_console(390, 844), open_console(1280, 720)
    phone.locator("summary", has_text="All scenes").click()
    phone.locator("summary", has_text="Reset this scene").click()
    reset = phone.get_by_role("button", name="Yes, reset this scene")
    pressed = reset.evaluate_handle("(button) => button.form.cloneNode(true)")
    laptop.keyboard.press("PageDown")
    expect(phone.locator("#current h2")).to_have_text("Tabs or spaces?")
    expect(reset).to_be_hidden()
    pressed.evaluate("(form) => { document.body.append(form); form.requestSubmit(); }")
    expect(phone.locator("#alert")).to_contain_text("Scene 1 is no longer the current one")


def test_everything_needed_is_on_one_screen_of_a_phone(open_console):
    page = open_console(390, 844)
    page.get_by_role("button", name="Tabs or spaces? ›").click()
    expect(page.locator("#current h2")).to_have_text("Tabs or spaces?")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in ("Reveal", "Close"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box["y"] + box["height"] < 844 - 100
        assert box["height"] >= 44
    for summary in page.locator(".switches summary").all():
        assert summary.bounding_box()["y"] + summary.bounding_box()["height"] <= 844


def test_console_works_without_javascript(open_console):
    page = open_console(390, 844, java_script_enabled=False)
    page.get_by_role("button", name="Tabs or spaces? ›").click()
    expect(page.locator("#current h2")).to_have_text("Tabs or spaces?")
    page.locator("summary", has_text="Blank").click()
    page.get_by_role("button", name="Yes, blank").click()
    expect(page.locator(".switches .blank summary")).to_contain_text("Blank, by computer")


def test_talk_is_given_with_a_clicker_on_the_stage(open_console):
    console = open_console(1280, 720)
    stage = console.context.new_page()
    stage.goto("/")
    stage.keyboard.press("PageDown")
    expect(stage.locator("h1")).to_have_text("Tabs or spaces?")
    stage.keyboard.press("r")
    expect(console.locator("#current")).to_contain_text("revealed")
    stage.keyboard.press(".")
    expect(stage.locator(".scene.blank")).to_be_attached()
    stage.keyboard.press("Escape")
    expect(stage.locator("h1")).to_have_text("Tabs or spaces?")
    stage.keyboard.press("PageUp")
    expect(console.locator("#status-line")).to_contain_text("Scene 1 of")


def test_keys_on_the_console(open_console):
    page = open_console(1280, 720)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#current h2")).to_have_text("Tabs or spaces?")
    page.locator("summary", has_text="Hold sending").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Yes, hold sending")).to_be_hidden()
    page.keyboard.press("b")
    expect(page.locator(".switches .blank summary")).to_contain_text("Blank, by computer")
    expect(page.locator("#current h2")).to_have_text("Tabs or spaces?")


def test_first_key_after_an_interruption_is_not_lost(open_console):
    page = open_console(1280, 720)
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.context.set_offline(True)
    page.keyboard.press("PageDown")
    expect(page.locator("#alert")).to_have_text("The server is not responding. Try again.")
    page.context.set_offline(False)
    page.keyboard.press("PageDown")
    expect(page.locator("#current h2")).to_have_text("Tabs or spaces?")
    expect(page.locator("#alert")).to_be_hidden()
    assert not errors


def test_keys_pressed_while_the_server_hangs_are_reported_and_dropped(open_console):
    page = open_console(1280, 720)
    page.route("**/present/talk", lambda route: None)  # as in a network that swallows everything
    for _ in range(3):
        page.keyboard.press("PageDown")
    limit = 1000 * LIMIT_SECONDS
    expect(page.locator("#alert")).to_have_text("The server is not responding. Try again.", timeout=limit)
    page.unroute("**/present/talk")
    page.keyboard.press("PageDown")
    expect(page.locator("#current h2")).to_have_text("Tabs or spaces?", timeout=limit)
    expect(page.locator("#alert")).to_be_hidden()
    expect(page.locator("#last-actions li")).to_have_count(1)


def test_console_shows_the_screen_of_the_stage(open_console):
    console = open_console(1280, 720)
    stage = console.context.new_page()
    stage.goto("/")
    expect(console.locator("#screens")).to_contain_text("1280 × 720, a presenter’s")


def test_picture_that_could_not_be_loaded_is_loaded_later(open_console, redis):
    pipe = redis.pipeline()
    item = Item("0123456789abcdef", "wall", "ann", "Amber Otter", 1.0, kind="picture", media="Messages/SM1/Media/ME1")
    moderation.submit(redis, pipe, item, is_approval_required=True)
    pipe.execute()
    page, answers = open_console(1280, 720), [{"status": 503}, {"body": PICTURE, "content_type": "image/png"}]
    page.route("**/media/**", lambda route: route.fulfill(**answers[0] if len(answers) == 1 else answers.pop(0)))
    page.reload()
    eventually(lambda: page.locator(".decisions img").evaluate("(picture) => picture.naturalWidth"))
