"""The faults page and the list of calls, in the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from pages.exchange_with_app import FRONT_ROW, ExchangeWithApp
from pages.phones_page import PhonesPage


@pytest.fixture
def dial(room: PhonesPage, town: ExchangeWithApp) -> Iterator[Page]:
    """The faults page, opened from the phones page."""
    page = room.page.context.new_page()
    page.goto(town.origin)
    page.get_by_role("link", name="Faults").click()
    expect(page.get_by_label("Kind").locator("option")).not_to_have_count(0)  # the page has loaded
    yield page
    town.asks("DELETE", "/faults")
    page.close()


def test_fault_is_added_and_removed_with_the_keyboard(dial: Page, town: ExchangeWithApp) -> None:
    keys = dial.keyboard
    expect(dial.get_by_text("No faults are active.")).to_be_visible()
    dial.get_by_label("Kind").select_option("webhook-reorder")
    expect(dial.get_by_text("It will hold a webhook until the next one has been sent")).to_be_visible()
    expect(dial.get_by_role("spinbutton", name="Status")).to_have_count(0)
    dial.get_by_label("Channel").select_option("sms-status")
    dial.get_by_label("Times").fill("3")
    dial.get_by_label("Probability").fill("50")
    keys.press("Enter")
    summary = "seconds 1 · channel sms-status · 3 times left · probability 50 %"
    expect(dial.get_by_role("listitem")).to_contain_text(summary)
    expect(dial.get_by_role("status")).to_have_text("webhook-reorder has been added.")
    (fault,) = town.asks("GET", "/faults")["faults"]
    assert (fault["kind"], fault["channel"], fault["times"], fault["chance"]) == (
        "webhook-reorder",
        "sms-status",
        3,
        0.5,
    )
    dial.get_by_role("button", name="Remove webhook-reorder").press("Enter")
    expect(dial.get_by_role("listitem")).to_have_count(0)
    expect(dial.get_by_label("Kind")).to_be_focused()


def test_every_kind_of_fault_can_be_added(dial: Page, town: ExchangeWithApp) -> None:
    kinds = list(town.asks("GET", "/faults")["kinds"])
    expect(dial.get_by_label("Kind").locator("option")).to_have_text(kinds)
    for count, kind in enumerate(kinds, start=1):
        dial.get_by_label("Kind").select_option(kind)
        dial.get_by_role("button", name="Add fault").click()
        expect(dial.get_by_role("listitem")).to_have_count(count)
    dial.get_by_role("button", name="Remove all").click()
    expect(dial.get_by_text("No faults are active.")).to_be_visible()


def test_seed_can_be_changed_and_invalid_values_are_explained(dial: Page, town: ExchangeWithApp) -> None:
    dial.get_by_label("Random seed").fill("7")
    dial.get_by_label("Random seed").press("Enter")  # it keeps the focus, so no refresh of the page changes it
    expect(dial.get_by_role("status")).to_have_text("The random generator has been reseeded.")
    assert town.asks("GET", "/faults")["seed"] == 7
    dial.get_by_label("Random seed").fill("1e300")
    dial.get_by_label("Random seed").press("Enter")
    expect(dial.get_by_role("alert")).to_contain_text("seed must be a whole number")


def test_phones_page_shows_that_faults_are_active(dial: Page, town: ExchangeWithApp) -> None:
    dial.get_by_label("Kind").select_option("webhook-drop")
    dial.get_by_role("button", name="Add fault").click()
    expect(dial.get_by_role("listitem")).to_have_count(1)
    dial.get_by_role("link", name="Phones").click()
    expect(dial.get_by_role("link", name="Faults: 1 active")).to_be_visible()


def test_list_of_calls_updates_and_links_to_each_call(dial: Page, room: PhonesPage, town: ExchangeWithApp) -> None:
    dial.get_by_role("link", name="Calls").click()
    town.texts(FRONT_ROW, "hello")
    expect(dial.get_by_role("row", name="hello")).to_contain_text("delivered")
    call = town.calls(FRONT_ROW)
    dial.get_by_role("link", name=f"Call {call.sid}").click()
    expect(dial.get_by_role("heading", level=1)).to_contain_text("calls")
