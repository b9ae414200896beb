"""The phone in the browser, in Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.waiting import eventually

REFUSAL = {"error": "That was too fast. Please wait a few seconds."}


@pytest.fixture
def page(browser, deployment):
    opened = browser.new_page(base_url=deployment.web, viewport={"width": 390, "height": 844})
    opened.goto("/phone")
    yield opened
    opened.close()


def text(page, words):
    page.get_by_label("Text", exact=True).fill(words)
    page.get_by_role("button", name="Send").click()


def test_text_gets_its_answer(page):
    text(page, "flip")
    expect(page.locator("#texts li.sent")).to_have_text(["flip"])
    expect(page.locator("#texts li.received")).to_have_text(re.compile("heads|tails"))


def test_text_that_was_refused_can_be_sent_again(page):
    page.route("**/phone/texts", lambda route: route.fulfill(status=429, json=REFUSAL))
    text(page, "a long question")
    expect(page.get_by_role("status")).to_have_text(REFUSAL["error"])
    expect(page.get_by_label("Text", exact=True)).to_have_value("a long question")


def test_message_stays_while_the_page_is_refreshed(page):
    page.route("**/phone/texts", lambda route: route.fulfill(status=429, json=REFUSAL))
    text(page, "flip")
    expect(page.get_by_role("status")).to_have_text(REFUSAL["error"])
    for _ in range(2):
        with page.expect_response("**/phone/state"):
            pass
    expect(page.get_by_role("status")).to_have_text(REFUSAL["error"])


def test_refresh_that_is_overtaken_by_a_text_does_not_remove_it(page):
    held = []

    def hold_the_first(route):
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route("**/phone/state", hold_the_first)
    eventually(lambda: page.title() and held)
    text(page, "flip")
    expect(page.locator("#texts li.sent")).to_have_text(["flip"])
    page.evaluate(
        """() => new MutationObserver((changes) => {
            if (changes.some((change) => change.removedNodes.length)) document.body.dataset.hasRemoved = "yes";
        }).observe(document.getElementById("texts"), { childList: true })"""
    )
    route, response = held[0]
    with page.expect_response(lambda one: one.request == route.request):
        route.fulfill(response=response)
    with page.expect_response("**/phone/state"):
        pass
    expect(page.locator("body")).not_to_have_attribute("data-has-removed", "yes")
