"""The phones page stays usable, whatever an app plays and whatever the browser remembers of another app."""

import json

from aiohttp import web
from playwright.sync_api import expect

from ringback.sound import wav
from support.exchange import NUMBER


def test_sound_with_a_percent_sign_in_its_name_has_a_caption(app, exchange, browser):
    sound = wav.to_wav(wav.silence(1))
    app.answers["/voice"] = '<Response><Play>/50%.wav?</Play><Say>Half price</Say><Pause length="600"/></Response>'
    app.answers["/50%.wav"] = lambda asked: web.Response(body=sound, content_type="audio/wav")
    page = browser.new_page()
    page.goto(exchange.origin)
    page.locator("body[data-connection=up]").wait_for()
    exchange.post("/handsets/+447700900001/calls", {})
    expect(page.locator(".captions").first).to_contain_text("♪ 50%.wav")
    expect(page.locator(".captions").first).to_contain_text("Half price")
    page.close()


def test_handset_with_a_number_that_is_now_the_apps_is_removed(exchange, browser):
    saved = [
        {"number": NUMBER, "name": "Old"},
        {"number": f"whatsapp:{NUMBER}"},
        {"number": "+447700900009", "name": "New"},
    ]
    page = browser.new_page()
    page.add_init_script(f"localStorage.setItem('handsets', JSON.stringify({json.dumps(saved)}))")
    page.goto(exchange.origin)
    page.locator("body[data-connection=up]").wait_for()
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("article", name="New")).to_be_visible()
    page.close()
