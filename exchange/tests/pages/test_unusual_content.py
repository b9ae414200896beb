"""The phones page stays usable, whatever an app plays."""

from aiohttp import web
from playwright.sync_api import expect

from ringback.sound import wav


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
