"""The stage in Chromium, served by gunicorn."""

import pytest
from playwright.sync_api import expect

import events
from show import show_state
from tests.support.stage_app import SMALL_TALK

SIZES = [(1920, 1080), (1280, 720), (390, 844)]


@pytest.fixture
def page(browser, web):
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, base_url=web.address)
    opened = context.new_page()
    opened.troubles = []
    opened.on("pageerror", lambda error: opened.troubles.append(str(error)))
    opened.on("dialog", lambda dialog: opened.troubles.append(dialog.message))
    yield opened
    context.close()


def test_vote_changes_only_what_differs(stage_events, page):
    page.goto("/")
    page.evaluate("document.getElementById('bar-1').isTheSame = true")
    stage_events.vote(2)
    expect(page.locator("#bar-1 .count")).to_have_text("2")
    assert page.evaluate("document.getElementById('bar-1').isTheSame")
    assert page.troubles == []


def test_stage_follows_the_presenter(stage_events, page):
    page.goto("/")
    expect(page.get_by_role("heading", name="Tabs or spaces?")).to_be_visible()
    show_state.write(stage_events.redis, scene="number")
    expect(page.get_by_role("heading", name="A talk")).to_be_visible()
    show_state.write(stage_events.redis, blank=1)
    expect(page.locator("main")).to_have_text("Blank")


def test_browser_that_stores_no_data_shows_the_stage(stage_events, page):
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('', 'SecurityError'); } })"
    )
    page.goto("/")
    stage_events.vote(2)
    expect(page.locator("#bar-1 .count")).to_have_text("2")
    assert page.troubles == []


def test_lost_connection_is_announced_until_it_is_restored(stage_events, page):
    page.clock.install()
    page.goto("/")
    stage_events.vote()
    expect(page.get_by_text("1 voted")).to_be_visible()  # so nothing that the server has sent is on its way
    notice = page.locator("#stale-notice")
    page.route("**/events*", lambda route: route.abort())
    expect(notice).to_be_hidden()
    page.clock.run_for(14_000)
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("The connection is lost and is being restored.")
    stage_events.vote()
    page.unroute("**/events*")
    page.clock.run_for(13_000)
    expect(page.get_by_text("2 voted")).to_be_visible()
    expect(notice).to_be_hidden()


def test_screen_that_was_offline_for_a_minute_misses_nothing_and_shows_nothing_twice(stage_events, page):
    page.clock.install()
    page.goto("/")
    stage_events.vote(5)
    expect(page.get_by_text("5 voted")).to_be_visible()
    page.context.set_offline(True)
    stage_events.vote(10, "spaces")
    page.clock.run_for(60_000)
    expect(page.locator("#stale-notice")).to_be_visible()
    stage_events.redis.xtrim(events.STREAM_KEY, maxlen=1, approximate=False)  # the last event that it received
    page.context.set_offline(False)
    page.clock.run_for(13_000)
    expect(page.get_by_text("15 voted")).to_be_visible()
    expect(page.locator("#stale-notice")).to_be_hidden()
    assert page.locator(".bars .count").all_inner_texts() == ["5", "10"]
    assert page.evaluate("[...document.querySelectorAll('#stage [id]')].map((part) => part.id)") == ["bar-1", "bar-2"]


def test_silent_connection_is_reopened(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/events" in request.url else None)
    page.clock.install()
    page.goto("/")
    expect(page.get_by_text("0 voted")).to_be_visible()
    with page.expect_request("**/events"):
        page.clock.run_for(13_000)
    assert len(asked) == 2


def test_page_survives_a_restart_of_the_server(url, stage_events, browser, own_web):
    web = own_web()
    page = browser.new_page(base_url=web.address)
    page.goto("/")
    stage_events.vote()
    expect(page.get_by_text("1 voted")).to_be_visible()
    web.stop()
    stage_events.vote()
    web.start(url, TALK=SMALL_TALK)
    expect(page.get_by_text("2 voted")).to_be_visible()
    page.close()


@pytest.mark.parametrize("scene", ["tabs", "number", "timeline"])
def test_scene_fits_every_screen(stage_events, page, scene):
    show_state.write(stage_events.redis, scene=scene)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.goto("/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        number = page.locator(".phone-number, .big-number svg").bounding_box()
        assert number["x"] >= 0, width
        assert number["x"] + number["width"] <= width


@pytest.mark.parametrize("scene", ["tabs", "number", "timeline"])
def test_text_is_large_in_few_sizes(stage_events, page, scene):
    show_state.write(stage_events.redis, scene=scene)
    page.goto("/")
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter((part) => part.checkVisibility() && !part.closest("svg, .hidden-text") && part.innerText?.trim())
            .map((part) => parseFloat(getComputedStyle(part).fontSize))"""
    )
    assert min(sizes) >= 40
    assert len({round(size) for size in sizes}) <= 4


def test_reduced_motion_disables_animations(stage_events, browser, web):
    page = browser.new_page(base_url=web.address, reduced_motion="reduce")
    page.goto("/")
    stage_events.vote()
    expect(page.locator("#bar-1 .count")).to_have_text("1")
    assert page.evaluate("document.getAnimations().length") == 0
    page.close()


def test_catalogue_works_by_keyboard_on_a_phone(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/catalogue")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the events")).to_be_focused()
    page.get_by_role("button", name="Copy: Example of call.ended").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#copied")).to_have_text("Copied.")
    assert '"call.ended"' in page.evaluate("navigator.clipboard.readText()")


def texts(stage_events, count, start=0):
    for number in range(start, start + count):
        words = {"who": "+44 ••• 123", "name": f"Amber Otter {number}", "words": "time", "command": "time", "length": 4}
        stage_events.publish("text.received", f"SM{number}", **words)
        stage_events.publish("text.answered", f"SM{number}", answer="It is 14:05. " * 9, ms=6, outcome="answered")


def test_lanes_fit_every_screen(stage_events, page):
    show_state.write(stage_events.redis, scene="timeline")
    stage_events.publish("call.received", "CA1", name="Tin Badger", who="+44 ••• 123")
    stage_events.publish("recording.ready", "CA1", seconds=7, loudness=-18, peaks=[0.5] * 100)
    texts(stage_events, 12)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.goto("/")
        expect(page.locator("#lane-CA1 .waveform")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width > height:
            lowest = page.locator(".lane").last.bounding_box()
            assert lowest["y"] + lowest["height"] <= page.locator("footer").bounding_box()["y"], width


def test_another_entry_takes_a_lane_and_nothing_moves(stage_events, page):
    show_state.write(stage_events.redis, scene="timeline")
    texts(stage_events, 4)
    page.goto("/")
    expect(page.locator(".lane.success")).to_have_count(4)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")  # all is drawn
    before = [box.bounding_box() for box in page.locator(".lane").all()]
    page.evaluate(
        """() => { window.shift = 0; new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) shift += entry.value;
        }).observe({type: "layout-shift"}); }"""
    )
    texts(stage_events, 3, start=4)
    expect(page.locator("#lane-SM6")).to_be_visible()
    assert [box.bounding_box() for box in page.locator(".lane").all()] == before
    assert page.evaluate("shift") < 0.01
    assert page.troubles == []
