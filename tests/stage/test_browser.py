"""The stage and the presenter's pages in Chromium, served by gunicorn."""

import pytest
from playwright.sync_api import expect

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


def test_entry_appears_and_is_updated_in_place(stage_events, page):
    page.goto("/")
    stage_events.publish("text.received", "SM1", who="+44 ••• 123", words="time")
    expect(page.locator("#entry-SM1 .request")).to_have_text("“time”")
    stage_events.publish("text.answered", "SM1", answer="It is 14:05.", ms=6)
    expect(page.locator("#entry-SM1 .answer")).to_have_text("It is 14:05.")
    expect(page.locator("#entry-SM1 .text")).to_have_text(["received", "answered in 6 ms"])
    expect(page.locator(".entry")).to_have_count(1)
    assert page.locator("#timeline > :first-child").get_attribute("id") == "entry-SM1"


def test_page_keeps_thirty_entries_newest_first(stage_events, page):
    page.goto("/")
    for number in range(35):
        stage_events.publish("text.received", f"SM{number}", who="+44 ••• 123", words=str(number))
    expect(page.locator("#entry-SM34")).to_be_visible()
    expect(page.locator(".entry")).to_have_count(30)
    expect(page.locator(".entry").first.locator(".request")).to_have_text("“34”")


def test_html_in_live_events_is_text(stage_events, page):
    page.goto("/")
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    stage_events.publish("text.received", "SM1", who="<b>me</b>", words=attack)
    expect(page.locator("#entry-SM1 .request")).to_have_text(f"“{attack}”")
    assert page.locator("#timeline :is(img, script, .who b b)").count() == 0
    assert page.troubles == []


def test_stale_notice_appears_and_disappears(stage_events, page):
    page.clock.install()
    page.goto("/")
    stage_events.publish_text("SM0")
    expect(page.locator("#entry-SM0")).to_be_visible()  # so nothing that the server has sent is on its way
    behind = page.locator("#stale-notice")
    page.route("**/events*", lambda route: route.abort())
    expect(behind).to_be_hidden()
    page.clock.run_for(14_000)
    expect(behind).to_be_visible()
    expect(behind).to_have_text("Not up to date: no events for 14 s.")
    stage_events.publish_text("SM1")
    page.unroute("**/events*")
    page.clock.run_for(13_000)
    expect(page.locator("#entry-SM1")).to_be_visible()
    expect(behind).to_be_hidden()


def test_silent_connection_is_reopened_at_the_last_event(stage_events, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/events" in request.url else None)
    page.clock.install()
    page.goto("/")
    last = stage_events.publish_text("SM1")
    expect(page.locator("#entry-SM1 .answer")).to_be_visible()
    with page.expect_request(f"**/events?last={last}"):
        page.clock.run_for(13_000)
    assert len(asked) == 2


def test_page_survives_a_restart_of_the_server(url, stage_events, browser, own_web):
    web = own_web()
    page = browser.new_page(base_url=web.address)
    page.goto("/")
    stage_events.publish_text("SM1")
    expect(page.locator("#entry-SM1")).to_be_visible()
    web.stop()
    stage_events.publish_text("SM2")
    web.start(url)
    expect(page.locator("#entry-SM2")).to_be_visible()
    expect(page.locator(".entry")).to_have_count(2)
    page.close()


def test_gap_is_marked(stage_events, web, page):
    page.route("**/events*", lambda route: route.continue_(url=f"{web.address}/events?last=9999999999999-0"))
    page.goto("/")
    expect(page.locator(".gap")).to_have_text(
        "Some events are missing here: this screen was disconnected for too long."
    )


@pytest.mark.parametrize("size", SIZES)
def test_page_fits_every_screen(stage_events, page, size):
    stage_events.publish_text("SM1", words="W" * 300, answer="long words " * 40)
    stage_events.publish("recording.ready", "SM1", seconds=7, loudness=-18, peaks=[0.5] * 100)
    stage_events.publish("delivery.rejected", address="/sms", reason="W" * 200)
    stage_events.publish("sending.stopped", reason="W" * 200)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto("/")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    number = page.locator(".number svg").bounding_box()
    assert number["x"] >= 0
    assert number["x"] + number["width"] <= size[0]


def test_font_sizes_are_few_and_large(stage_events, page):
    stage_events.publish_text("SM1")
    stage_events.publish_text("SM2")
    stage_events.publish("answer.started", "SM1", answer_id="a", attempt=1)
    stage_events.publish("answer.progress", "SM1", answer_id="a", done=0.4, words="asking")
    stage_events.publish("delivery.duplicate", "SM1")
    stage_events.publish("delivery.rejected", address="/sms", reason="unsigned")
    page.goto("/")
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter((part) => part.checkVisibility() && !part.closest("svg") && part.innerText?.trim())
            .map((part) => parseFloat(getComputedStyle(part).fontSize))"""
    )
    assert min(sizes) >= 28
    assert len({round(size) for size in sizes}) <= 5


def test_reduced_motion_disables_animations(stage_events, browser, web):
    page = browser.new_page(base_url=web.address, reduced_motion="reduce")
    page.goto("/")
    stage_events.publish_text("SM1")
    expect(page.locator("#entry-SM1.new, #entry-SM1.changed")).to_be_visible()
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
