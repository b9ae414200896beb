"""Every page of the exchange, with content, checked by axe."""

from __future__ import annotations

from playwright.sync_api import expect

from pages.exchange_with_app import BALCONY, FRONT_ROW, ExchangeWithApp
from pages.phones_page import PhonesPage
from support.axe import findings, script

PAGES = ("/calls", "/calls/{sid}", "/debugger", "/faults", "/calls/CA0")


def test_axe_has_no_findings(room: PhonesPage, town: ExchangeWithApp) -> None:
    axe, page = script(), room.page
    town.texts(FRONT_ROW, "hello")
    room.phone("Front row").get_by_label("Text from").fill("break")
    room.phone("Front row").get_by_label("Text from").press("Enter")
    expect(page.locator("#alert")).to_be_visible()
    town.calls(BALCONY)
    room.phone("Balcony").get_by_role("button", name="Answer").click()
    expect(room.phone("Balcony").get_by_label("What Balcony says")).to_be_visible()
    room.phone("Back row").get_by_role("button", name="Settings").click()
    found = findings(page, axe)
    sid = town.asks("GET", "/calls")["calls"][0]["sid"]
    visitor = page.context.new_page()
    for path in PAGES:
        visitor.goto(town.origin + path.format(sid=sid))
        expect(visitor.locator("main")).to_be_attached()
        if path == "/faults":
            visitor.get_by_label("Kind").select_option("webhook-reorder")
            visitor.get_by_label("Kind").press("Enter")
            visitor.get_by_role("button", name="Add").press("Enter")
            expect(visitor.get_by_role("listitem")).to_have_count(1)
        found += [f"{path}: {finding}" for finding in findings(visitor, axe)]
    visitor.close()
    town.asks("DELETE", "/faults")
    assert found == []
