"""Every page and every scene of a talk in Chromium, with content and texts of the greatest length, checked by axe."""

import pytest
import redis as redis_client
from playwright.sync_api import expect

from show.base_scene import OPEN
from show.talk_file import load
from tests.support.audience import Audience
from tests.support.axe import SIZES, findings, script
from tests.support.processes import ROOT
from tests.support.redis_keys import undocumented
from tests.support.stage import StageServer
from tests.support.stage_app import PASSWORD

TALK = ROOT / "tests/support/longest_talk.toml"
SCENES = [scene.id for scene in load(TALK).scenes]
PAGES = ["", "/health", "/preflight", "/audit", "/privacy", "/rejected", "/backfill", "/endpoints", "/nothing"]
PICTURES = 3  # of the scene `xray`
# A phone may scroll; a projector may not. The list of words is for screen readers.
OUTSIDE = """() => {
  const isWide = innerWidth > innerHeight, {bottom} = document.querySelector("main").getBoundingClientRect();
  return [...document.querySelectorAll("main :is(h1, p, li, div, svg):not(.cloud-list *)")].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || (isWide && box.bottom > bottom + 1));
  }).map((each) => each.outerHTML.slice(0, 100));
}"""


@pytest.fixture(scope="module")
def axe():
    return script()


@pytest.fixture(scope="module")
def audience(store):
    """A store in which each page has something to show."""
    client = redis_client.Redis(port=store.port)
    client.flushall()
    found = Audience(client, talk=str(TALK))
    found.takes_part()
    yield found
    assert not undocumented(client)
    client.close()


@pytest.fixture(scope="module")
def server(store, audience):
    running = StageServer(f"redis://127.0.0.1:{store.port}", TWILIO_API_URL="http://127.0.0.1:1", TALK=str(TALK))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def page(browser, server):
    """A page with a presenter's session, for all tests of this module."""
    context = browser.new_context(base_url=server.address)
    opened = context.new_page()
    opened.goto("/present/login")
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Log in").click()
    opened.wait_for_url("**/present")
    yield opened
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_presenter_page(page, axe, path):
    page.goto(f"/present{path}")
    assert findings(page, axe) == []


@pytest.mark.parametrize("number", range(1, len(SCENES) + 1), ids=SCENES)
def test_scene(page, axe, number):
    page.goto(f"/?scene={number}")
    assert page.locator("#stage .invitation").count() == 0  # it has content
    assert findings(page, axe) == []
    assert cut_off(page) == []


def test_poll_with_a_hidden_result_fits(page, audience):
    audience.sets_phase("poll", OPEN)
    page.goto(f"/?scene={SCENES.index('poll') + 1}")
    assert cut_off(page) == []


def cut_off(page):
    """The sizes at which a part of the scene is outside the screen."""
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{width}: {one}" for one in page.evaluate(OUTSIDE)]
    return found


@pytest.mark.parametrize("picture", range(1, PICTURES))
def test_other_pictures_of_a_webhook(page, axe, audience, picture):
    scene = audience.goes_to("xray")
    audience.redis.hset(scene.key("xray"), "picture", picture)
    audience.redis.expire(scene.key("xray"), 600)
    page.goto(f"/?scene={SCENES.index('xray') + 1}")
    assert findings(page, axe) == []


@pytest.mark.parametrize("path", ["/catalogue", "/unfollow/unknown", "/present/login"])
def test_public_page(browser, server, axe, path):
    visitor = browser.new_page(base_url=server.address)
    visitor.goto(path)
    assert findings(visitor, axe) == []
    visitor.close()


def test_page_of_one_endpoint(page, axe):
    page.goto("/present/endpoints")
    page.get_by_role("link", name="https://hear.example/hook").click()
    assert findings(page, axe) == []


def test_new_endpoint_that_is_invalid(page, axe):
    page.goto("/present/endpoints")
    page.get_by_label("URL", exact=True).fill("http://hear.example/hook")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)
    expect(page.locator("[name=url]")).to_be_focused()
    assert findings(page, axe) == []
