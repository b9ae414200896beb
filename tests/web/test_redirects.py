"""Webhooks are never redirected, and nothing that a client sends decides where a page redirects to."""

from dataclasses import replace
from itertools import product

import pytest

from app import create_app
from tests.support.person import PUBLIC_URL, TEXT_SID, WebhookPoster
from tests.support.web_server import WebServer

SLASHES = ["/sms//", "/voice//menu", "/webhooks//stripe", "/webhooks/stripe//", "/api//endpoints/", "/zzz//"]
EVIL_HEADERS = [
    {"Host": "evil.example"},
    {"Host": "evil.example:80/x"},
    {"Host": "["},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "//evil.example"},
    {"Script-Name": "//evil.example"},
]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_doubled_slash_is_not_redirected(app, method):
    for path in SLASHES:
        answer = app.test_client().open(path, method=method, base_url="http://evil.example")
        assert answer.status_code in (401, 403, 404, 405, 415), path
        assert "Location" not in answer.headers, path


@pytest.mark.parametrize("headers", EVIL_HEADERS, ids=str)
@pytest.mark.parametrize("proxies", [0, 1])
def test_headers_do_not_affect_redirects(settings, redis, headers, proxies):
    app = create_app(replace(settings, trusted_proxies=proxies), redis)
    paths = ("/present", "/present/", "/present/endpoints", "/")
    for path, scheme in product(paths, ("http", "https")):
        client = app.test_client()
        answer = client.get(path, headers={**headers, "X-Forwarded-Proto": scheme, "X-Forwarded-For": "x"})
        assert answer.status_code < 400
        assert answer.headers.get("Location", "/").startswith((PUBLIC_URL + "/", "/p", "/"))
        assert "evil" not in answer.headers.get("Location", "")


def test_signed_get_by_http_is_not_redirected(settings, redis):
    app = create_app(replace(settings, trusted_proxies=1), redis)
    target = f"/sms?MessageSid={TEXT_SID}&From=%2B447700900201&Body=time"
    answer = WebhookPoster(app, settings)(target, [], method="GET", headers={"X-Forwarded-Proto": "http"})
    assert answer.status_code == 200


def test_gunicorn_ignores_headers_with_paths(store, tmp_path):
    server = WebServer(tmp_path, store.port)
    headers = ("SCRIPT_NAME", "Script-Name", "PATH_INFO")
    statuses = {"/present": 303, "/zzz": 404, "//api//x": 404, "//sms//": 404, "//evil.example/..": 404}
    for header, path in product(headers, statuses):
        status, answer = server.send(f"GET {path} HTTP/1.1\r\nHost: evil.example\r\n{header}: //evil.example\r\n\r\n")
        assert (header, path, status) == (header, path, statuses[path])
        assert "evil" not in answer
    server.stop()
