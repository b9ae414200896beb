"""A town with a number to call, and the phones page open on a laptop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.exchange.pages.room import Room, opened, profile
from tests.exchange.pages.town import Town


@pytest.fixture(scope="module")
def one_town() -> Iterator[Town]:
    place = Town().opens()
    yield place
    place.ends()


@pytest.fixture
def town(one_town: Town) -> Iterator[Town]:
    """An exchange where nothing has happened yet."""
    yield one_town
    if one_town.exchange is None:
        one_town.opens()
    one_town.forgets()


@pytest.fixture
def context(browser: Browser, town: Town) -> Iterator[BrowserContext]:
    """A browser profile of this test's own."""
    yield from profile(browser)


@pytest.fixture(scope="module")
def one_room(browser: Browser, one_town: Town) -> Iterator[Room]:
    for own in profile(browser):
        yield opened(own.new_page(), one_town)


@pytest.fixture
def room(one_room: Room, town: Town) -> Iterator[Room]:
    """The page, open on a laptop's screen, with three handsets that know nothing yet."""
    one_room.page.locator("body[data-connection=up]").wait_for()
    yield one_room
    one_room.page.set_viewport_size(one_room.screen)
    for words in ("Done", "Dismiss"):
        for button in one_room.page.get_by_role("button", name=words).all():
            button.click()
    town.forgets()
    expect(one_room.page.locator(".bubble, .past-call")).to_have_count(0)
    one_room.page.evaluate("document.getElementById('announcer').replaceChildren()")
