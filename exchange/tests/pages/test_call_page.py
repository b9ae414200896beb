"""The page of one call, in the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from pages.exchange_with_app import ExchangeWithApp
from pages.phones_page import PhonesPage
from support.phones_page import presses


@pytest.fixture
def call_page(room: PhonesPage, town: ExchangeWithApp):
    """The page of Front row's call to the app, opened from the phone."""
    phone = room.phone("Front row")
    phone.get_by_role("button", name="Call").click()
    with room.page.context.expect_page() as opened:
        phone.get_by_role("link", name="Sequence of this call").click()
    yield opened.value
    opened.value.close()


def test_page_follows_a_live_call_to_its_end(room: PhonesPage, call_page):
    expect(call_page.get_by_role("heading", level=1)).to_have_text("Front row calls +44 1632 960000")
    expect(call_page.get_by_text("Say “Welcome. Press 1")).to_be_visible()
    call_page.get_by_text("POST /voice").click()
    expect(call_page.locator("details[open] pre")).to_contain_text("Direction=inbound")
    presses(room.phone("Front row"), "1")
    expect(call_page.get_by_text("POST /menu · Digits=1")).to_be_visible()
    expect(call_page.locator("details[open] pre")).to_contain_text("Direction=inbound")
    room.phone("Front row").get_by_role("button", name="Hang up").click()
    expect(call_page.get_by_role("status")).to_contain_text("completed")
    finished = room.phone("Front row").get_by_role("link", name="Sequence: Call to")
    assert finished.get_attribute("href") == call_page.url.removeprefix(call_page.url.split("/calls")[0])


@pytest.mark.parametrize("width", [390, 1280])
def test_no_text_is_cut_off(call_page, width: int):
    call_page.set_viewport_size({"width": width, "height": 844})
    expect(call_page.get_by_role("listitem").first).to_be_visible()
    assert call_page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "document.querySelector('.scroll').scrollWidth - document.querySelector('.scroll').clientWidth"
    assert call_page.evaluate(wide) <= 1


def test_long_speech_stays_between_the_lines_of_its_lanes(call_page, town: ExchangeWithApp, room: PhonesPage) -> None:
    call_page.set_viewport_size({"width": 1280, "height": 720})
    phone = room.phone("Front row")
    phone.get_by_label("What Front row says").fill("a sentence that goes on and on " * 12)
    phone.get_by_role("button", name="Say", exact=True).click()
    said = call_page.locator("li.did").filter(has_text="a sentence that goes on").first
    expect(said).to_be_visible()
    words, arrow = said.locator(".words").bounding_box(), said.locator(".arrow").bounding_box()
    assert arrow["x"] <= words["x"]
    assert words["x"] + words["width"] <= arrow["x"] + arrow["width"]
