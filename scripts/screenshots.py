"""Takes the screenshots for README.md: run `make demo` in one window and `make screenshots` in another."""

import json
import os
import shutil
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from show import talk_file

OUTPUT_DIRECTORY = Path(__file__).parents[1] / "docs"
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
STAGE_URL = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
PHONES_URL = f"http://127.0.0.1:{os.environ.get('EXCHANGE_PORT', '8001')}"
PHONE: ViewportSize = {"width": 390, "height": 844}
FRONT_ROW, BALCONY, AISLE = "+447700900201", "+447700900202", "+12025550143"
VOTERS = [f"+447700900{number}" for number in range(301, 331)]


def main() -> None:
    """Play a short scene, and take a screenshot of each page."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("Chromium is missing: apt-get install chromium")
    OUTPUT_DIRECTORY.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        phones, stage = browser.new_page(viewport=VIEWPORT), browser.new_page(viewport=VIEWPORT)
        phones.goto(PHONES_URL)
        open_timeline(stage)
        call = play_scene(phones)
        phones.screenshot(path=OUTPUT_DIRECTORY / "phones.png")
        stage.screenshot(path=OUTPUT_DIRECTORY / "stage.png")
        for name, address in (("call", f"{PHONES_URL}/calls/{call}"), ("catalogue", f"{STAGE_URL}/catalogue")):
            page = browser.new_page(viewport=VIEWPORT)
            page.goto(address)
            page.screenshot(path=OUTPUT_DIRECTORY / f"{name}.png")
        take_poll(stage, browser.new_page(viewport=PHONE, color_scheme="dark"))
        browser.close()


def take_poll(stage: Page, console: Page) -> None:
    """Go to the poll, have people vote, and capture the console before and the stage after the result is revealed."""
    log_in(console)
    console.get_by_text("All scenes", exact=True).click()
    console.get_by_role("button", name="2. Tabs or spaces?").click()
    stage.emulate_media(color_scheme="dark")
    stage.goto(STAGE_URL)
    for at, voter in enumerate(VOTERS):
        post_json(f"/handsets/{voter}/texts", {"body": ("spaces", "tabs", "spaces", "both", "tabs", "spaces")[at % 6]})
    expect(stage.locator(".figure")).to_contain_text(f"{len(VOTERS)} voted")
    console.reload()
    console.screenshot(path=OUTPUT_DIRECTORY / "console.png")
    console.get_by_role("button", name="Reveal").click()
    expect(stage.locator(".ahead")).to_have_count(1)
    stage.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")  # the bars grow
    stage.screenshot(path=OUTPUT_DIRECTORY / "poll.png")


def log_in(page: Page) -> None:
    """Log in as the demo's presenter, and show the console."""
    page.goto(f"{STAGE_URL}/present/login")
    page.get_by_label("Password").fill("rehearsal")
    page.get_by_role("button", name="Log in").click()


def open_timeline(stage: Page) -> None:
    """Show the `timeline` scene, which is not the current one."""
    log_in(stage)
    stage.goto(f"{STAGE_URL}/?scene={talk_file.load().positions['timeline']}")


def play_scene(phones: Page) -> str:
    """Have two people send texts and one person make a call. Return the call's SID."""
    numbers = [handset["number"] for handset in get_json("/handsets")["handsets"]] or [FRONT_ROW, BALCONY, AISLE]
    first, second, third = (numbers * 3)[:3]
    post_json(f"/handsets/{first}/texts", {"body": "time"})
    post_json(f"/handsets/{second}/texts", {"body": f"check {STAGE_URL}/health/live"})
    post_json(f"/handsets/{first}/texts", {"body": "count"})
    call = post_json(f"/handsets/{third}/calls", {})["sid"]
    post_json(f"/handsets/{third}/calls/{call}/keys", {"digits": "4", "wait": 20})
    time.sleep(8)  # until workers have delivered the answers
    return str(call)


def get_json(path: str) -> dict:
    """GET JSON from the exchange, and return it."""
    with urllib.request.urlopen(PHONES_URL + path, timeout=10) as response:  # noqa: S310
        return json.load(response)


def post_json(path: str, data: dict) -> dict:
    """POST JSON to the exchange, and return its response."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(PHONES_URL + path.replace("+", "%2B"), json.dumps(data).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        return json.load(response)


if __name__ == "__main__":
    main()
