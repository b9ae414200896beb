"""A handset's name of the maximum length, without a space, makes no page wider than the window."""

import pytest

WIDTH = "document.documentElement.scrollWidth"


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("path", ["/", "/calls"])
def test_long_name_makes_no_page_too_wide(app, exchange, browser, path, width):
    app.answers["/sms"] = ""
    handset = "/handsets/+447700900002"  # one of the two that the phones page shows
    exchange.post(handset, {"name": "W" * 60})
    exchange.post(f"{handset}/texts", {"body": "hello"})
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(exchange.origin + path)
    page.get_by_text("W" * 60).first.wait_for(state="attached", timeout=20_000)
    assert page.evaluate(WIDTH) <= width
    page.close()
