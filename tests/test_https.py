"""HTTPS in production: redirects, secure cookies, and Redis over TLS as on Heroku."""

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
from store import clients, connection_budget
from tests.support.processes import ROOT, run_program
from tests.support.waiting import LIMIT_SECONDS, eventually


@pytest.fixture
def heroku_client(settings, redis):
    """The app on Heroku: HTTPS outside, HTTP inside, one proxy."""
    return create_app(replace(settings, trusted_proxies=1), redis).test_client()


def test_page_by_http_redirects_to_https(heroku_client):
    answer = heroku_client.get("/present?x=%C3%A9", headers={"X-Forwarded-Proto": "http"})
    assert answer.status_code == 308
    assert answer.headers["Location"] == "https://talk.example/present?x=%C3%A9"


def test_webhook_by_http_is_not_redirected(heroku_client):
    assert heroku_client.post("/sms", headers={"X-Forwarded-Proto": "http"}).status_code == 403


def test_responses_have_strict_transport_security(heroku_client):
    answer = heroku_client.get("/health/live", headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == 200
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_health_checks_without_a_proxy_are_not_redirected(heroku_client):
    assert heroku_client.get("/health/live").status_code == 200


def test_client_address_comes_from_the_trusted_proxy(heroku_client):
    seen = []
    heroku_client.application.before_request(lambda: seen.append(request.remote_addr))
    heroku_client.get("/health/live", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})
    assert seen == ["198.51.100.7"]


def test_session_cookie_is_secure(heroku_client):
    page = heroku_client.get("/present/login", headers={"X-Forwarded-Proto": "https"})
    cookies = page.headers.getlist("Set-Cookie")
    assert cookies
    assert all("Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_demo_without_https_has_no_secure_cookie(settings, redis):
    client = create_app(replace(settings, public_url="http://127.0.0.1:8000"), redis).test_client()
    assert all("Secure" not in cookie for cookie in client.get("/present/login").headers.getlist("Set-Cookie"))


@pytest.fixture
def rediss(store):
    """Redis behind TLS with a self-signed certificate."""
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
        threading.Thread(target=_proxy, args=(plain, context, port), daemon=True).start()


def _proxy(plain, context, port):
    try:
        with (
            context.wrap_socket(plain, server_side=True) as outside,
            socket.create_connection(("127.0.0.1", port)) as inside,
        ):
            other_way = threading.Thread(target=_copy, args=(inside, outside), daemon=True)
            other_way.start()
            _copy(outside, inside)
            inside.shutdown(socket.SHUT_RDWR)
            other_way.join()
    except OSError:
        return


def _copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return


def test_dyno_accepts_self_signed_redis(environ, rediss):
    client = clients.connect(config.load({**environ, "REDIS_URL": rediss, "DYNO": "web.1"}), connection_budget.TOOL)
    assert client.ping()
    client.close()


def test_self_signed_redis_is_refused_elsewhere(environ, rediss):
    client = clients.connect(config.load({**environ, "REDIS_URL": rediss}), connection_budget.TOOL)
    with pytest.raises(redis_client.exceptions.ConnectionError, match="certificate"):
        client.ping()


def test_release_step_on_a_dyno_accepts_self_signed_redis(environ, rediss, exchange):
    given = {**os.environ, **environ, "REDIS_URL": rediss, "DYNO": "release.1", "TWILIO_API_URL": exchange.url}
    done = run_program("scripts.release", given | {"PUBLIC_URL": "https://talk.example"})
    assert done.returncode == 0, done.stderr
    assert "This version has everything that it requires." in done.stdout


def test_worker_on_a_dyno_uses_redis_over_tls(environ, rediss, redis):
    given = {**os.environ, **environ, "REDIS_URL": rediss, "DYNO": "worker.1"}
    worker = subprocess.Popen([sys.executable, "-m", "workers"], cwd=ROOT, env=given)
    try:
        eventually(lambda: redis.scard("rq:workers"), "a worker is registered")
    finally:
        worker.terminate()
        worker.wait(LIMIT_SECONDS)
