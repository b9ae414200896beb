"""An exchange with an app, and the phones page open in a laptop-sized browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from pages.exchange_with_app import ExchangeWithApp
from pages.phones_page import PhonesPage, opened, profile


@pytest.fixture(scope="module")
def one_town() -> Iterator[ExchangeWithApp]:
    place = ExchangeWithApp().opens()
    yield place
    place.ends()


@pytest.fixture
def town(one_town: ExchangeWithApp) -> Iterator[ExchangeWithApp]:
    """An exchange without any calls or texts yet."""
    yield one_town
    if one_town.exchange is None:
        one_town.opens()
    one_town.forgets()


@pytest.fixture
def context(browser: Browser, town: ExchangeWithApp) -> Iterator[BrowserContext]:
    """A new browser profile for this test."""
    yield from profile(browser)


@pytest.fixture(scope="module")
def one_room(browser: Browser, one_town: ExchangeWithApp) -> Iterator[PhonesPage]:
    for own in profile(browser):
        yield opened(own.new_page(), one_town)


@pytest.fixture
def room(one_room: PhonesPage, town: ExchangeWithApp) -> Iterator[PhonesPage]:
    """The page in a laptop-sized window, with three new handsets."""
    one_room.page.locator("body[data-connection=up]").wait_for()
    yield one_room
    one_room.page.set_viewport_size(one_room.screen)
    for words in ("Done", "Dismiss"):
        for button in one_room.page.get_by_role("button", name=words).all():
            button.click()
    town.forgets()
    expect(one_room.page.locator(".bubble, .past-call")).to_have_count(0)
    one_room.page.evaluate("document.getElementById('announcer').replaceChildren()")
