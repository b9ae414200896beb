"""Every page and every scene in Chromium, checked by axe: https://github.com/dequelabs/axe-core."""

import time

import pytest

from receiving import stored_requests
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from show import audit_log, moderation
from show.moderation import APPROVED, Item
from show.talk.talk_file import load
from tests.support.presenter import FORM
from tests.support.processes import NODE, needs
from tests.support.stage import StageServer
from tests.support.stage_app import ENVIRON, PASSWORD
from workers.tasks import HttpClient

SIZES = [(1920, 1080), (1280, 720), (390, 844)]
SCENES = [scene.id for scene in load().scenes]
PAGES = ["", "/health", "/preflight", "/audit", "/privacy", "/rejected", "/backfill", "/endpoints", "/nothing"]
ENDPOINT = "ep_0000000000000001"


@pytest.fixture(scope="module")
def axe():
    script = NODE / "node_modules/axe-core/axe.min.js"
    needs(script.exists(), "axe-core, by `make test`")
    return script.read_text()


@pytest.fixture(scope="module")
def server(store):
    running = StageServer(f"redis://127.0.0.1:{store.port}", TWILIO_API_URL="http://127.0.0.1:1")
    yield running
    running.stop()


@pytest.fixture
def page(browser, server, crowded):
    server.get("/test/forget")
    context = browser.new_context(base_url=server.address)
    opened = context.new_page()
    opened.goto("/present/login")
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Log in").click()
    opened.wait_for_url("**/present")
    yield opened
    context.close()


@pytest.fixture
def crowded(stage_events):
    """A store in which each page has something to show."""
    redis, talk = stage_events.redis, load()
    for number in range(30):
        stage_events.publish_text(f"SM{number}", words=f"text {number}", answer="It is 14:05.")
    stage_events.publish("text.failed", "SM0", reason="they texted STOP")
    stage_events.publish("call.received", "CA1", who="+44 ••• 201")
    delivery = Delivery("POST", "https://talk.example/sms", FORM, b"From=%2B447700900123&Body=hello")
    stored_requests.save(redis, delivery)
    stored_requests.save_rejected(redis, delivery, Mistake("scheme", "It matches with http.", "Set PUBLIC_URL."))
    encryption = Encryption([ENVIRON["SECRET_KEY"]])
    stored_endpoints.create(redis, HttpClient(), encryption, "https://hear.example/hook", event_types=("text.*",))
    for scene in talk.scenes:
        for name, values in (("votes", ["tabs", "spaces"]), ("scores", ["10", "7"]), ("entries", ["Amber Otter"] * 2)):
            if scene.key(name) in scene.storage_keys():
                redis.hset(scene.key(name), mapping={f"person{at}": value for at, value in enumerate(values)})
                redis.expire(scene.key(name), 600)
        if hasattr(scene, "moderation"):
            for at in range(6):
                item = Item(f"item{at}", scene.id, f"person{at}", "Amber Otter", time.time(), "hello")
                pipe = redis.pipeline()
                moderation.submit(redis, pipe, item, is_approval_required=True)
                pipe.execute()
                if at % 2:
                    moderation.decide(redis, scene.id, item.id, APPROVED)
    audit_log.record(redis, "phone 3f2a", "next")
    audit_log.record(redis, "computer 24fa", "hold")


def findings(page, axe):
    """What axe reports at each size and in each theme."""
    page.evaluate(axe)
    found = []
    for width, height in SIZES:
        for theme in ("dark", "light"):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for one in page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations"):
                nodes = "; ".join(node["html"][:160] for node in one["nodes"][:2])
                found.append(f"{width} {theme}: {one['id']}: {one['help']}: {nodes}")
    return found


@pytest.mark.parametrize("path", PAGES)
def test_presenter_page(page, axe, path):
    page.goto(f"/present{path}")
    assert findings(page, axe) == []


@pytest.mark.parametrize("number", range(1, len(SCENES) + 1), ids=SCENES)
def test_scene(page, axe, number):
    page.goto(f"/?scene={number}")
    assert findings(page, axe) == []


@pytest.mark.parametrize("path", ["/catalogue", "/unfollow/unknown", "/present/login"])
def test_public_page(page, axe, path):
    page.context.clear_cookies()
    page.goto(path)
    assert findings(page, axe) == []


def test_page_of_one_endpoint(page, axe):
    page.goto("/present/endpoints")
    page.get_by_role("link", name="https://hear.example/hook").click()
    assert findings(page, axe) == []


def test_new_endpoint_that_is_invalid(page, axe):
    page.goto("/present/endpoints")
    page.get_by_label("URL", exact=True).fill("http://hear.example/hook")
    page.get_by_role("button", name="Create").click()
    assert page.locator("[aria-invalid=true]").count() == 1
    assert page.evaluate("document.activeElement.name") == "url"
    assert findings(page, axe) == []
