"""Errors: a page for browsers, JSON for API clients, text for senders of webhooks."""

import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_browser_gets_a_page_in_the_products_look(visitor):
    answer = visitor.get("/nothing", headers={"Accept": BROWSER})
    assert answer.status_code == 404
    assert "<h1>Not Found</h1>" in answer.text
    assert "pages.css" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_api_client_gets_json(visitor):
    answer = visitor.get("/nothing", headers={"Accept": "application/json"})
    assert (answer.status_code, list(answer.json)) == (404, ["error"])


@pytest.mark.parametrize("accept", [{}, {"Accept": "*/*"}])
def test_sender_of_webhooks_gets_text(visitor, accept):
    answer = visitor.post("/sms", headers=accept)
    assert answer.status_code == 403
    assert answer.content_type == "text/plain; charset=utf-8"


def test_markup_in_an_error_is_text(visitor):
    assert "<script>" not in visitor.get("/?scene=<script>", headers={"Accept": BROWSER}).text


def test_method_that_is_not_allowed_names_those_that_are(visitor):
    answer = visitor.delete("/", headers={"Accept": BROWSER})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
