"""In production: https for every page, secure cookies, and a store behind TLS as Heroku has it."""

import os
import socket
import ssl
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
import redis as redis_client
import trustme
from flask import request

import config
from app import create_app
from tests.support.processes import ROOT
from tests.support.waiting import LIMIT_SECONDS, eventually


@pytest.fixture
def behind_a_router(settings, redis):
    """The app as it is on Heroku: https outside, http inside, one proxy."""
    return create_app(replace(settings, trusted_proxies=1), redis).test_client()


def test_a_page_asked_for_by_http_goes_to_https(behind_a_router):
    answer = behind_a_router.get("/present?x=%C3%A9", headers={"X-Forwarded-Proto": "http"})
    assert answer.status_code == 308
    assert answer.headers["Location"] == "https://talk.example/present?x=%C3%A9"


def test_a_webhook_by_http_is_never_redirected(behind_a_router):
    assert behind_a_router.post("/sms", headers={"X-Forwarded-Proto": "http"}).status_code == 403


def test_browsers_are_told_to_stay_with_https(behind_a_router):
    answer = behind_a_router.get("/health/live", headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == 200
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_health_checks_from_inside_are_not_redirected(behind_a_router):
    assert behind_a_router.get("/health/live").status_code == 200


def test_the_clients_address_is_what_the_router_says(behind_a_router):
    seen = []
    behind_a_router.application.before_request(lambda: seen.append(request.remote_addr))
    behind_a_router.get("/health/live", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})
    assert seen == ["198.51.100.7"]


def test_the_presenters_cookie_travels_by_https_only(behind_a_router):
    page = behind_a_router.get("/present/login", headers={"X-Forwarded-Proto": "https"})
    cookies = page.headers.getlist("Set-Cookie")
    assert cookies
    assert all("Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_the_demo_without_https_can_log_in_too(settings, redis):
    client = create_app(replace(settings, public_url="http://127.0.0.1:8000"), redis).test_client()
    assert all("Secure" not in cookie for cookie in client.get("/present/login").headers.getlist("Set-Cookie"))


@pytest.fixture
def rediss(store):
    """The store behind TLS, with a certificate that nobody public has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listener, context, store.port), daemon=True).start()
    yield f"rediss://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def _serve(listener, context, port):
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_join, args=(plain, context, port), daemon=True).start()


def _join(plain, context, port):
    try:
        with (
            context.wrap_socket(plain, server_side=True) as outside,
            socket.create_connection(("127.0.0.1", port)) as inside,
        ):
            other_way = threading.Thread(target=_pour, args=(inside, outside), daemon=True)
            other_way.start()
            _pour(outside, inside)
            inside.shutdown(socket.SHUT_RDWR)
            other_way.join()
    except OSError:
        return


def _pour(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return


def test_on_a_dyno_herokus_self_signed_store_is_taken(environ, rediss):
    client = config.connect(config.load({**environ, "REDIS_URL": rediss, "DYNO": "web.1"}))
    assert client.ping()
    client.close()


def test_anywhere_else_it_is_refused(environ, rediss):
    client = config.connect(config.load({**environ, "REDIS_URL": rediss}))
    with pytest.raises(redis_client.exceptions.ConnectionError, match="certificate"):
        client.ping()


def test_a_worker_on_a_dyno_works_through_a_store_behind_tls(environ, rediss, redis):
    given = {**os.environ, **environ, "REDIS_URL": rediss, "DYNO": "worker.1"}
    worker = subprocess.Popen([sys.executable, "-m", "workers"], cwd=ROOT, env=given)
    try:
        eventually(lambda: redis.scard("rq:workers"), "a worker is registered")
    finally:
        worker.terminate()
        worker.wait(LIMIT_SECONDS)
