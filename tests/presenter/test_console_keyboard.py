"""A whole talk, given with the keyboard alone: the focus is visible, and stays where it was while the page changes."""

import pytest
import redis as redis_client
from playwright.sync_api import expect

from show.moderation import APPROVED, HIDDEN, find_state, load_items
from tests.support.audience import Audience
from tests.support.stage import StageServer
from tests.support.stage_app import PASSWORD

MOST_TABS = 80
FOCUSED = "(document.activeElement.ariaLabel || document.activeElement.innerText).trim().replace(/\\s+/g, ' ')"
IS_VISIBLE = """() => {
  const focused = document.activeElement, box = focused.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const isOutlined = focused.matches(":focus-visible") && getComputedStyle(focused).outlineStyle !== "none";
  return isOutlined && focused.contains(top);
}"""


@pytest.fixture
def audience(redis, store):
    return Audience(redis_client.Redis(port=store.port), people=4)


@pytest.fixture
def page(browser, url, audience):
    """The console, on a small laptop; the presenter has logged in by keyboard."""
    server = StageServer(url)
    context = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=server.address)
    opened = context.new_page()
    opened.goto("/present")
    go_to(opened, "Password")
    opened.keyboard.type(PASSWORD)
    opened.keyboard.press("Enter")
    opened.wait_for_url("**/present", wait_until="load")
    yield opened
    context.close()
    server.stop()


def go_to(page, name, key="Tab"):
    """Press Tab until the control whose name starts with `name` has the focus, which must be visible."""
    seen = []
    for _ in range(MOST_TABS):
        if name == page.evaluate("document.activeElement.labels?.[0]?.innerText"):
            return
        if (label := page.evaluate(FOCUSED)).startswith(name):
            assert page.evaluate(IS_VISIBLE), label
            return
        seen.append(label)
        page.keyboard.press(key)
    raise AssertionError(f"{name!r} is not among {seen}")


def press(page, name, key="Tab"):
    go_to(page, name, key)
    page.keyboard.press("Enter")


def expect_focus(page, name):
    page.wait_for_function(f"(name) => {FOCUSED}.startsWith(name)", arg=name)


def test_a_talk_is_given_with_the_keyboard_alone(page, audience):
    current = page.locator("#current h2")

    # Next, with the button: it keeps the focus while the page changes; previous and next with keys.
    press(page, "Tabs or spaces? ›")
    expect(current).to_have_text("Tabs or spaces?")
    expect_focus(page, "Timeline ›")
    for key, title in (("PageDown", "Timeline"), ("PageUp", "Tabs or spaces?")):
        page.keyboard.press(key)
        expect(current).to_have_text(title)
        expect_focus(page, "Timeline ›" if key == "PageUp" else "Xray ›")

    # Reveal: the votes that come in meanwhile do not move the focus.
    go_to(page, "Reveal", "Shift+Tab")
    audience.answers("poll", ["tabs"])
    expect(page.locator("#current .meta").first).to_contain_text("4 people")
    expect_focus(page, "Reveal")
    page.keyboard.press("Enter")
    expect(page.locator("#current .meta").first).to_contain_text("revealed")
    expect_focus(page, "Tabs or spaces?")

    # Blank and back, with the switch and with the key.
    press(page, "Blank", "Shift+Tab")
    press(page, "Yes, blank")
    expect(page.locator(".switches .blank summary")).to_contain_text("Blank, by computer")
    expect_focus(page, "Show")
    page.keyboard.press("b")
    expect_focus(page, "Blank")

    # Moderation: after each decision the same button of the next item has the focus.
    audience.goes_to("words")
    wall = audience.goes_to("wall")
    for person, text in zip(audience.people, ("one", "two", "three", "four"), strict=True):
        person.texts(text, sid=f"SM{next(audience.sids):032d}")
    items = {item.words: item.id for item in load_items(audience.redis, wall.id, "pending")}
    expect(page.locator("#decisions li")).to_have_count(4)
    press(page, "Approve: one")
    expect_focus(page, "Approve: two")
    wall.hide(audience.redis, items["two"])  # by another presenter, meanwhile
    page.keyboard.press("b")
    page.keyboard.press("b")
    expect_focus(page, "Approve: three")
    press(page, "Hide: three", "Shift+Tab")
    expect_focus(page, "Hide: four")
    assert find_state(audience.redis, wall.id, items["one"]) == APPROVED
    assert find_state(audience.redis, wall.id, items["three"]) == HIDDEN
    press(page, "Approve: four")
    expect_focus(page, "Which webhook woke you up")

    # The raffle.
    audience.goes_to("raffle")
    expect(current).to_have_text("Text anything to enter")
    press(page, "Open")
    expect_focus(page, "Text anything to enter")
    audience.answers("raffle", ["me"])
    press(page, "Draw")
    expect(page.locator("#current .meta").first).to_contain_text("winner")
    expect_focus(page, "Draw")

    # The purge asks first.
    for title in ("How was it, 0 to 10?", "Thanks"):
        page.keyboard.press("ArrowRight")
        expect(current).to_have_text(title)
    press(page, "Purge now…")
    press(page, "Yes, purge now")
    expect(page.locator("#last-actions")).to_contain_text("purge")
    expect_focus(page, "Purge now…")
    assert load_items(audience.redis, wall.id, APPROVED) == []
