"""Errors and the link to the app: a page for browsers, JSON for scripts."""

import urllib.error
import urllib.request
from dataclasses import replace

import pytest

BROWSER = {"Accept": "text/html,*/*;q=0.8"}


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def get(exchange, path, headers):
    """The status, headers and body of the response, without following redirects."""
    opener = urllib.request.build_opener(NoRedirects)
    try:
        response = opener.open(urllib.request.Request(exchange.origin + path, headers=headers))
    except urllib.error.HTTPError as error:
        response = error
    return response.status, response.headers, response.read().decode()


@pytest.mark.parametrize("path", ["/nothing", "/pages/<script>", "/calls?limit=x"])
def test_browser_gets_a_page_with_links(exchange, path):
    status, headers, body = get(exchange, path.replace("<", "%3C").replace(">", "%3E"), BROWSER)
    assert status in (400, 404)
    assert headers["Content-Type"].startswith("text/html")
    assert 'href="/calls"' in body
    assert "<script>" not in body


def test_script_gets_json(exchange):
    status, _, body = get(exchange, "/nothing", {"Accept": "*/*"})
    assert (status, body[:9]) == (404, '{"error":')


def test_app_link_leads_to_the_app_if_it_is_known(exchange):
    status, headers, body = get(exchange, "/app", BROWSER)
    assert (status == 302 and headers["Location"]) or (status == 404 and "PUBLIC_URL" in body)


def test_each_page_has_the_links_of_the_option(exchange):
    exchange.state.settings = replace(exchange.state.settings, links=(("Q&A", "https://app.example/?a=1&b=2"),))
    for path in ("/", "/calls", "/debugger", "/faults", "/nothing"):
        assert '<a href="https://app.example/?a=1&amp;b=2">Q&amp;A</a>' in get(exchange, path, BROWSER)[2]
