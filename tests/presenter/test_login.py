"""The presenter's login, session and CSRF token, and the health page."""

import re
import time

import pytest
from itsdangerous import TimestampSigner

from presenter import login
from receiving import rejected_requests, stored_requests
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from sending import outbox, text_circuit_breaker
from sending.outbox import OutboundMessage
from tests.support.presenter import FORM, Presenter
from tests.support.stage_app import PASSWORD, loses_its_store, make


@pytest.fixture
def logged_in(presenter):
    presenter.tries(PASSWORD)
    return presenter


def test_pages_redirect_to_the_login(presenter):
    answer = presenter.get("/present")
    assert (answer.status_code, answer.location) == (303, "/present/login")
    assert presenter.get("/present/fragment").status_code == 403


def test_head_request_for_the_login_page_gets_the_status_of_the_page(presenter):
    assert presenter.client.head("/present/login").status_code == 200
    presenter.tries(PASSWORD)
    assert presenter.client.head("/present/login").location == "/present"


def test_password_opens_the_console(presenter):
    assert presenter.tries(PASSWORD).status_code == 303
    assert "Console" in presenter.get("/present").text


@pytest.mark.parametrize("password", ["", "a long passwor", PASSWORD.upper(), "é\ud800", "x" * 10_000])
def test_wrong_password_is_refused(presenter, password):
    answer = presenter.tries(password.encode("utf-8", "replace"))
    assert answer.status_code == 403
    assert "Wrong password." in answer.text
    assert not presenter.is_in()


def test_session_cookie_is_http_only_and_same_site(presenter):
    cookie = presenter.tries(PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_sixth_try_in_a_minute_must_wait(stage_events, presenter):
    for _ in range(login.MAX_ATTEMPTS):
        assert presenter.tries("guess").status_code == 403
    refused = presenter.tries(PASSWORD)
    assert refused.status_code == 429
    assert re.search(r"Too many attempts. Try again in \d+ s.", refused.text)
    assert 0 < int(refused.headers["Retry-After"]) <= login.ATTEMPT_WINDOW_SECONDS
    for key in stage_events.redis.keys("login-attempts:*"):
        assert 0 < stage_events.redis.ttl(key) <= login.ATTEMPT_WINDOW_SECONDS
        stage_events.redis.delete(key)  # the minute has passed
    assert presenter.tries(PASSWORD).status_code == 303


def test_guesses_from_elsewhere_lock_out_nobody(app, presenter):
    for number in range(70):
        Presenter(app, f"203.0.113.{number}").tries("guess")
    assert presenter.tries(PASSWORD).status_code == 303


def test_all_addresses_of_an_ipv6_network_share_a_limit(app):
    answers = [Presenter(app, f"2001:db8:0:1::{number}").tries("guess") for number in range(login.MAX_ATTEMPTS + 1)]
    assert answers[-1].status_code == 429
    assert Presenter(app, "2001:db8:0:2::1").tries(PASSWORD).status_code == 303


def test_guesses_cannot_lock_out_a_known_browser(app, logged_in):
    logged_in.post("/present/logout")
    for _ in range(login.MAX_ATTEMPTS + 1):
        Presenter(app, logged_in.address).tries("guess")
    assert logged_in.tries(PASSWORD).status_code == 303


def test_forged_forwarding_header_gives_no_new_tries(app, presenter):
    for number in range(login.MAX_ATTEMPTS + 1):
        token = re.search(r'name="csrf_token" value="([^"]+)"', presenter.get("/present/login").text)[1]
        answer = presenter.client.post(
            "/present/login",
            data={"csrf_token": token, "password": "guess"},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
            environ_base={"REMOTE_ADDR": presenter.address},
        )
    assert answer.status_code == 429


def test_login_is_closed_while_tries_cannot_be_counted():
    answer = Presenter(make("redis://127.0.0.1:1")).tries(PASSWORD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "login attempts cannot be counted" in answer.text


@pytest.mark.parametrize("path", ["/present/login", "/present/logout", "/present/talk"])
@pytest.mark.parametrize("token", ["", "made-up"])
def test_form_without_the_csrf_token_is_refused(stage_events, logged_in, path, token):
    answer = logged_in.post(path, csrf_token=token, password=PASSWORD, do="hold")
    assert answer.status_code == 400
    assert not text_circuit_breaker.stop_reason(stage_events.redis)


def test_logout_ends_the_session(logged_in):
    assert logged_in.is_in()
    logged_in.post("/present/logout")
    assert not logged_in.is_in()


def test_old_cookie_is_not_valid_after_logout(app, logged_in):
    cookie = logged_in.client.get_cookie("session").value
    logged_in.post("/present/logout")
    thief = Presenter(app)
    thief.client.set_cookie("session", cookie)
    assert not thief.is_in()


def test_logout_ends_no_other_session(app, logged_in):
    phone = Presenter(app, "198.51.100.2")
    phone.tries(PASSWORD)
    logged_in.post("/present/logout")
    assert phone.is_in()


def test_nothing_is_changed_while_sessions_cannot_be_checked(logged_in, monkeypatch):
    token = re.search(r'name="csrf_token" value="([^"]+)"', logged_in.get("/present").text)[1]
    loses_its_store(logged_in.client.application, monkeypatch)
    answer = logged_in.client.post("/present/talk", data={"token": token, "do": "hold"})
    assert answer.status_code >= 500
    assert "Redis" not in answer.headers.get("Location", "")


def test_new_password_ends_old_sessions(url, logged_in):
    later = make(url, PRESENTER_PASSWORD="another password")
    cookie = logged_in.client.get_cookie("session").value
    newcomer = Presenter(later)
    newcomer.client.set_cookie("session", cookie)
    assert not newcomer.is_in()


def test_session_survives_a_rotation_of_secret_key(url, logged_in):
    later = make(url, SECRET_KEY="n" * 32 + "," + "s" * 32)
    newcomer = Presenter(later)
    newcomer.client.set_cookie("session", logged_in.client.get_cookie("session").value)
    assert newcomer.is_in()


def test_session_outlives_a_clock_that_is_set_back(logged_in, monkeypatch):
    earlier = int(time.time()) - 300
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: earlier)
    monkeypatch.setattr(time, "time", lambda: float(earlier))
    assert logged_in.is_in()


def test_held_texts_are_counted_on_the_health_page(stage_events, logged_in):
    text_circuit_breaker.stop(stage_events.redis, "the presenter holds all sending")
    outbox.plan(stage_events.redis, OutboundMessage("answer:1", "+447700900201", "It is done.", ""))
    page = logged_in.get("/present/health").text
    assert "stopped: the presenter holds all sending. 1 waiting; they will be sent when you resume" in page


def test_only_the_presenter_can_stop_sending(stage_events, presenter):
    assert presenter.post("/present/talk", do="hold").status_code == 303
    assert not text_circuit_breaker.stop_reason(stage_events.redis)


def test_requests_are_shown_without_numbers(stage_events, logged_in):
    body = b"From=%2B447700900123&To=%2B447700900100&Body=call+%2B447700900999&Caller=+447700900123"
    came = Delivery("POST", "https://talk.example/sms?to=%2B447700900123", FORM, body)
    stored_requests.save(stage_events.redis, came)
    why = Mistake("scheme", "It matches with http for https: set PUBLIC_URL. +447700900123")
    rejected_requests.save(stage_events.redis, came, why)
    stored_requests.save(
        stage_events.redis, Delivery("POST", "https://talk.example/webhooks/x", {}, b'{"phone": "+447700900123"}')
    )
    page = logged_in.get("/present/health").text
    assert "It matches with http for https: set PUBLIC_URL." in page
    assert "POST /sms" in page
    assert "+44 ••• 123" in page
    assert "447700900" not in page.replace("%2B", "")


def test_health_page_works_without_redis(logged_in, monkeypatch):
    loses_its_store(logged_in.client.application, monkeypatch)
    assert "Redis <b>not responding</b>" in logged_in.get("/present/health").text
