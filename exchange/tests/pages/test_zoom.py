"""The phones page at high zoom, with many handsets, in forced colours, and with every state of its header."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from pages.exchange_with_app import ExchangeWithApp
from pages.phones_page import PhonesPage, opened

ZOOMED = {"200 %": {"width": 640, "height": 360}, "400 %": {"width": 320, "height": 180}}


def add_handsets(room: PhonesPage, count: int) -> None:
    for _ in range(count):
        room.page.locator("#add").click()
        room.page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()


@pytest.fixture
def own_room(context, town: ExchangeWithApp) -> PhonesPage:
    """The page in a browser profile of its own, so that added handsets are forgotten."""
    return opened(context.new_page(), town)


@pytest.mark.parametrize("zoom", ZOOMED)
@pytest.mark.parametrize("added", [0, 2])
def test_text_can_be_written_and_read_at_high_zoom(own_room: PhonesPage, zoom: str, added: int) -> None:
    add_handsets(own_room, added)
    own_room.page.set_viewport_size(ZOOMED[zoom])
    phone = own_room.page.get_by_role("article")
    box = phone.get_by_placeholder("Text")
    box.scroll_into_view_if_needed()
    expect(box).to_be_in_viewport(ratio=1)
    assert own_room.page.evaluate("document.documentElement.scrollWidth") <= ZOOMED[zoom]["width"]
    assert phone.bounding_box()["height"] >= 300
    box.fill("hello")
    box.press("Enter")
    expect(phone.locator(".bubble .words")).to_have_text(["hello", "You said: hello"])


def test_call_can_be_ended_at_high_zoom(own_room: PhonesPage) -> None:
    own_room.page.set_viewport_size(ZOOMED["400 %"])
    phone = own_room.page.get_by_role("article")
    phone.get_by_role("button", name="Call").click()
    expect(phone.locator(".captions .current")).to_contain_text("Welcome.")
    end = phone.get_by_role("button", name="Hang up")
    end.scroll_into_view_if_needed()
    expect(end).to_be_in_viewport(ratio=1)
    end.click()
    expect(phone.get_by_role("button", name="Call")).to_be_visible()


def test_call_to_the_fifth_handset_is_scrolled_into_view(own_room: PhonesPage, town: ExchangeWithApp) -> None:
    add_handsets(own_room, 2)
    expect(own_room.page.get_by_role("article")).to_have_count(5)
    last = own_room.page.get_by_role("article").last
    number = last.locator("[data-part=number]").inner_text().replace(" ", "")
    own_room.page.locator("#phones").evaluate("(element) => element.scrollTo(0, 0)")
    town.calls(number)
    expect(last.get_by_role("button", name="Answer")).to_be_in_viewport(ratio=1)


def test_header_keeps_its_height_when_sound_is_on_without_a_voice(own_room: PhonesPage) -> None:
    header = own_room.page.locator("header.top")
    before = header.bounding_box()
    own_room.page.locator("#sound").evaluate("(button) => { button.textContent = 'Sound is on (no voice)'; }")
    assert header.bounding_box() == before
    assert own_room.page.evaluate("document.documentElement.scrollWidth") == own_room.screen["width"]


def test_bubbles_have_borders_in_forced_colours(browser: Browser, town: ExchangeWithApp) -> None:
    context = browser.new_context(forced_colors="active", viewport=PhonesPage.screen)
    room = opened(context.new_page(), town)
    phone = room.page.get_by_role("article").first
    phone.get_by_placeholder("Text").fill("hello")
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator(".bubble .words")).to_have_count(2)
    for bubble, width in zip(phone.locator(".bubble .words").all(), ("3px", "1px"), strict=True):
        expect(bubble).to_have_css("border-top-width", width)
    context.close()
