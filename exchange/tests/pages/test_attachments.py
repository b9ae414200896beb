"""A person sends a picture from a phone on the page."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pages.exchange_with_app import FRONT_ROW, ExchangeWithApp
from pages.phones_page import PhonesPage

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "cat.png"
    file.write_bytes(base64.b64decode(DOT))
    return file


def test_picture_is_chosen_with_the_keyboard_and_sent(room: PhonesPage, town: ExchangeWithApp, picture: Path) -> None:
    phone, keys = room.phone("Front row"), room.page.keyboard
    with room.page.expect_file_chooser() as chooser:
        phone.get_by_label("Text from Front row").focus()
        keys.press("Tab")
        expect(phone.get_by_role("button", name="Attach pictures")).to_be_focused()
        keys.press("Enter")
    chooser.value.set_files(picture)
    expect(phone.get_by_role("list", name="Pictures to send").get_by_role("img", name="cat.png")).to_be_visible()
    expect(phone.get_by_label("Text from Front row")).to_be_focused()
    keys.press("Enter")
    image = phone.get_by_role("img", name="Picture sent")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    expect(phone.get_by_role("list", name="Pictures to send")).to_be_hidden()
    (text, _) = town.asks("GET", f"/handsets/{FRONT_ROW}/texts")["texts"]
    assert [media["content_type"] for media in text["media"]] == ["image/png"]


def test_attached_picture_can_be_removed(room: PhonesPage, picture: Path) -> None:
    phone = room.phone("Front row")
    phone.locator("input[type=file]").set_input_files([picture, picture])
    phone.get_by_role("button", name="Remove cat.png").first.click()
    expect(phone.get_by_role("button", name="Attach pictures")).to_be_focused()
    phone.get_by_label("Text from Front row").fill("one")
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.get_by_role("img", name="Picture sent")).to_have_count(1)


def test_unsupported_attachment_is_explained(room: PhonesPage, tmp_path: Path) -> None:
    phone, large = room.phone("Front row"), tmp_path / "large.png"
    large.write_bytes(bytes(5 * 1024 * 1024 + 1))
    phone.locator("input[type=file]").set_input_files(large)
    expect(phone.get_by_role("alert").filter(has_text="large.png")).to_have_text("large.png is larger than 5 MB.")
    (tmp_path / "words.txt").write_text("no picture")
    phone.locator("input[type=file]").set_input_files(tmp_path / "words.txt")
    expect(phone.get_by_role("alert").filter(has_text="words")).to_have_text("words.txt is not a picture.")
