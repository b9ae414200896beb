"""What people do on the phones page."""

from playwright.sync_api import Locator, expect


def presses(phone: Locator, key: str) -> None:
    """Press a key once the app listens, as people do when they are asked to: an earlier key would be ignored."""
    expect(phone.get_by_text("Press a key")).to_be_visible()
    phone.get_by_role("button", name=key, exact=True).click()
