"""The phones page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from pages.exchange_with_app import ExchangeWithApp


class PhonesPage:
    """The phones page: `phone(name)` is one handset."""

    screen: ViewportSize = {"width": 1280, "height": 720}

    def __init__(self, page: Page) -> None:
        self.page = page
        self.connection = page.locator("#connection")

    def phone(self, name: str) -> Any:
        return self.page.get_by_role("article", name=name, exact=True)


def profile(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile with a laptop-sized window. Errors on the page fail the test."""
    own = browser.new_context(viewport=PhonesPage.screen, reduced_motion="reduce")
    broken: list[str] = []
    own.on("weberror", lambda error: broken.append(str(error.error)))
    yield own
    own.close()
    assert broken == []


def opened(page: Page, town: ExchangeWithApp) -> PhonesPage:
    page.goto(town.origin)
    page.get_by_role("heading", name="+44 1632 960000", level=1).wait_for()
    page.locator("body[data-connection=up]").wait_for()
    return PhonesPage(page)
