"""The presenter's login: its page, the password, the limit on attempts, and logout."""

from collections.abc import Callable
from functools import wraps
from ipaddress import IPv6Network
from typing import Any

import redis
from flask import Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

import context
from masking import alias
from presenter import csrf
from presenter.blueprint import bp
from receiving.signature_checks import constant_time_equal
from stage import presenter_session
from stage.blueprint import get_page_store
from stage.presenter_session import is_logged_in
from stage.theme import requested_theme
from store import Store

MAX_ATTEMPTS = 5  # per ATTEMPT_WINDOW_SECONDS, from one address or one known browser
ATTEMPT_WINDOW_SECONDS = 60

# Counts one attempt. Returns 0, or the seconds to wait if the limit is exceeded.
COUNT_ATTEMPT_SCRIPT = """
local attempts = redis.call('INCR', KEYS[1])
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return attempts > tonumber(ARGV[2]) and math.max(redis.call('TTL', KEYS[1]), 1) or 0
"""

View = Callable[..., ResponseReturnValue]
"""A Flask view function."""


class TooManyLoginAttempts(Exception):
    """The login attempt limit has been exceeded; the next attempt is allowed after `retry_after_seconds`."""

    def __init__(self, retry_after_seconds: int):
        super().__init__(f"Too many attempts. Try again in {retry_after_seconds} s.")
        self.retry_after_seconds = retry_after_seconds


def login_required(view: View) -> View:
    """Redirect to the login page unless the presenter is logged in."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if not is_logged_in():
            return redirect(url_for("presenter.login"), 303)
        return view(*args, **kwargs)

    return wrapper


@bp.route("/present/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """The login form, and its password check."""
    if request.method != "POST":  # GET, or HEAD
        return redirect(url_for("presenter.console"), 303) if is_logged_in() else _login_page()
    csrf.check()
    try:
        if _log_in(request.form.get("password", "")):
            return redirect(url_for("presenter.console"), 303)
    except TooManyLoginAttempts as error:
        return Response(_login_page(str(error)), 429, {"Retry-After": str(error.retry_after_seconds)})
    except redis.RedisError:
        page = _login_page("Redis is not responding, so login attempts cannot be counted. Start Redis and retry.")
        return Response(page, 503, {"Retry-After": "5"})
    return _login_page("Wrong password."), 403


@bp.post("/present/logout")
def logout() -> ResponseReturnValue:
    """End the session."""
    csrf.check()
    presenter_session.end()
    return redirect(url_for("presenter.login"), 303)


def _log_in(password: str) -> bool:
    """Start a session if the password is correct, and return whether it is.

    Raises TooManyLoginAttempts before checking the password, and redis.RedisError if the attempt cannot be counted.
    """
    client = get_page_store()
    _count_attempt(client)
    if not constant_time_equal(password, context.settings().presenter_password):
        return False
    client.delete(_attempts_key())
    presenter_session.start()
    return True


def _count_attempt(client: Store) -> None:
    wait = int(client.eval(COUNT_ATTEMPT_SCRIPT, 1, _attempts_key(), ATTEMPT_WINDOW_SECONDS, MAX_ATTEMPTS))
    if wait:
        raise TooManyLoginAttempts(wait)


def _attempts_key() -> str:
    """A browser that has logged in before has its own limit, so that others' guesses cannot lock it out."""
    if session.get("browser_id"):
        return f"login-attempts:browser:{session['browser_id']}"
    return f"login-attempts:{alias(_network(request.remote_addr or ''), context.settings().secret_key[0])}"


def _network(address: str) -> str:
    """Return an IPv6 address's /64 network, since one client usually has all of it; other addresses unchanged."""
    try:
        return str(IPv6Network((address, 64), strict=False))
    except ValueError:
        return address


def _login_page(error: str = "") -> str:
    return render_template("presenter/login.html", csrf_token=csrf.token(), error=error, theme=requested_theme())
