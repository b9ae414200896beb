"""The phones page by keyboard, by screen reader, on a small screen, in both themes, with and without speech."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from pages.exchange_with_app import BALCONY, FRONT_ROW, ExchangeWithApp
from pages.phones_page import PhonesPage, opened
from support.phones_page import presses

HERE = Path(__file__).parent
CONTROLS = "button, input, select, textarea, summary"
TOO_SMALL = """(elements) => elements.filter((element) => element.checkVisibility()).filter((element) => {
  const { width, height } = element.getBoundingClientRect();
  return width < 44 || height < 44;
}).map((element) => element.outerHTML)"""


def test_page_is_usable_with_the_keyboard_alone(room: PhonesPage) -> None:
    keys, phone = room.page.keyboard, room.phone("Front row")
    room.page.locator("#add").focus()
    keys.press("Tab")
    expect(phone.get_by_role("button", name="Call")).to_be_focused()
    keys.press("Enter")
    expect(phone.locator(".captions .current")).to_contain_text("Welcome.")
    expect(phone.get_by_role("region", name="Call with")).to_be_focused()
    expect(phone).to_contain_text("Press a key, or say something.")
    keys.press("1")
    expect(phone.locator(".captions .current")).to_have_text("It is seven.")
    keys.type("tea")
    keys.press("Enter")
    expect(phone.locator(".captions .current")).to_have_text("You asked for tea.")
    for _ in ("Say", "the keypad", "Hang up"):
        keys.press("Tab")
    keys.press("Enter")
    expect(phone.get_by_role("button", name="Call")).to_be_focused()
    for _ in ("the settings", "the thread", "the past call", "its sequence", "the text field"):
        keys.press("Tab")
    keys.type("hello")
    keys.press("Enter")
    expect(phone.locator(".bubble .words")).to_have_text(["hello", "You said: hello"])


def test_screen_reader_announces_texts_and_speech(room: PhonesPage, town: ExchangeWithApp) -> None:
    told = room.page.get_by_role("log", name="Events")
    town.texts(BALCONY, "The doors are open")
    expect(told).to_contain_text("Balcony: text from +44 1632 960000: The doors are open")
    room.phone("Front row").get_by_role("button", name="Call").click()
    expect(told).to_contain_text("Front row: Welcome. Press 1 for the time")


def test_small_screen_shows_one_handset_at_a_time(room: PhonesPage, town: ExchangeWithApp) -> None:
    room.page.set_viewport_size({"width": 390, "height": 844})
    expect(room.page.get_by_role("article")).to_have_count(1)
    town.calls(BALCONY)
    tab = room.page.get_by_role("button", name="Balcony ● ringing")
    tab.click()
    expect(room.page.get_by_role("article")).to_have_count(1)
    room.phone("Balcony").get_by_role("button", name="Answer").click()
    expect(room.phone("Balcony").get_by_role("button", name="Hang up")).to_be_in_viewport()
    assert room.page.evaluate("document.documentElement.scrollWidth") == 390


def test_every_control_has_a_name_and_the_minimum_target_size(room: PhonesPage, town: ExchangeWithApp) -> None:
    room.phone("Front row").get_by_role("button", name="Call").click()
    expect(room.phone("Front row").get_by_label("What Front row says")).to_be_visible()
    town.calls(BALCONY)
    expect(room.phone("Balcony").get_by_role("button", name="Answer")).to_be_visible()
    room.phone("Back row").get_by_role("button", name="Settings").click()
    assert room.page.locator(CONTROLS).evaluate_all(TOO_SMALL) == []
    seen_by_a_reader = room.page.locator("body").aria_snapshot().splitlines()
    assert [line for line in seen_by_a_reader if line.strip(" -:") in NAMELESS] == []


NAMELESS = {"button", "textbox", "combobox", "article", "region"}


def test_contrast_is_sufficient_in_both_themes(room: PhonesPage, town: ExchangeWithApp) -> None:
    town.texts(FRONT_ROW, "hello")
    room.phone("Balcony").get_by_role("button", name="Call").click()
    expect(room.phone("Balcony").get_by_label("What Balcony says")).to_be_visible()
    expect(room.phone("Front row").locator(".bubble")).to_be_visible()
    room.phone("Back row").get_by_label("Text from").fill("break")
    room.phone("Back row").get_by_label("Text from").press("Enter")
    expect(room.page.locator("#alert")).to_be_visible()
    for theme in ("light", "dark"):
        room.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert room.page.evaluate((HERE / "low_contrast_texts.js").read_text()) == []


def test_browser_without_speech_synthesis_shows_captions(room: PhonesPage) -> None:
    spoken: list[str] = []
    room.page.on("request", lambda request: spoken.append(request.url) if "/spoken" in request.url else None)
    room.phone("Front row").get_by_role("button", name="Call").click()
    expect(room.phone("Front row").locator(".captions .current")).to_contain_text("Welcome.")
    presses(room.phone("Front row"), "1")
    expect(room.phone("Front row").locator(".captions .current")).to_have_text("It is seven.")
    assert spoken == []


def test_browser_with_speech_synthesis_reports_start_and_end(context: BrowserContext, town: ExchangeWithApp) -> None:
    context.add_init_script(path=HERE / "fake_speech_synthesis.js")
    room = opened(context.new_page(), town)
    told: list[dict[str, object]] = []
    room.page.on("request", lambda request: told.append(request.post_data_json) if "/spoken" in request.url else None)
    with room.page.expect_request(lambda request: "/spoken" in request.url and request.post_data_json == {"id": 1}):
        room.phone("Front row").get_by_role("button", name="Call").click()
    assert told[0] == {"id": 1, "speaking": True}


def test_repeated_event_is_shown_and_announced_once(context: BrowserContext, town: ExchangeWithApp) -> None:
    shown = {
        "sid": "SM" + "1" * 32,
        "handset": FRONT_ROW,
        "direction": "received",
        "from": "+441632960000",
        "to": FRONT_ROW,
    }
    shown |= {"body": "once", "media": [], "status": "delivered", "error_code": None, "at": "2026-11-23T18:00:00.125Z"}
    item = {"id": "x-1", "at": shown["at"], "handset": FRONT_ROW, "kind": "text", "payload": shown}
    event = f"id: x-1\ndata: {json.dumps(item)}\n\n"
    page = context.new_page()
    twice = {"body": event * 2, "content_type": "text/event-stream"}
    page.route(re.compile(r"/feed(\?|$)"), lambda route: route.fulfill(**twice))
    with page.expect_request(lambda request: request.url.endswith("after=x-1")):  # it has read them all by now
        page.goto(town.origin)
    expect(PhonesPage(page).phone("Front row").locator(".bubble")).to_have_count(1)
    expect(page.get_by_role("log", name="Events").locator("p")).to_have_count(1)
