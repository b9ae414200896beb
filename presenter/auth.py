"""Presenter authentication: one password, a limit on login attempts, and a CSRF token in every form."""

import secrets
from collections.abc import Callable
from functools import wraps
from ipaddress import IPv6Network
from typing import Any

from flask import abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

import context
from masking import alias
from receiving.signatures import constant_time_equal
from stage.blueprint import get_page_store
from stage.presenter_session import is_logged_in, session_fingerprint, session_key
from store import Store

MAX_ATTEMPTS = 5  # per ATTEMPT_WINDOW_SECONDS, from one address or one known browser
ATTEMPT_WINDOW_SECONDS = 60
SESSION_TTL_SECONDS = 12 * 3600  # one conference day

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


def log_in(password: str) -> bool:
    """Start a session if the password is correct, and return whether it is.

    Raises TooManyLoginAttempts before checking the password, and redis.RedisError if the attempt cannot be counted.
    """
    client = get_page_store()
    _count_attempt(client)
    if not constant_time_equal(password, context.settings().presenter_password):
        return False
    client.delete(_attempts_key())
    browser_id = session.get("browser_id") or secrets.token_hex(8)
    session.clear()
    session.update(
        fingerprint=session_fingerprint(context.settings().secret_key[0]),
        id=secrets.token_hex(16),
        browser_id=browser_id,
    )
    session.permanent = True
    client.set(session_key(), 1, ex=SESSION_TTL_SECONDS)
    return True


def log_out() -> None:
    """End the session, including for copies of its cookie. Raises RedisError.

    The browser id is kept, so that this browser retains its own login attempt limit.
    """
    get_page_store().delete(session_key())
    browser_id = session.get("browser_id")
    session.clear()
    if browser_id:
        session["browser_id"] = browser_id


def csrf_token() -> str:
    """The CSRF token of this browser's session, created on first use."""
    return str(session.setdefault("csrf_token", secrets.token_urlsafe(24)))


def check_csrf_token() -> None:
    """Abort with 400 unless the form contains this session's CSRF token."""
    expected = session.get("csrf_token")
    if not expected or not constant_time_equal(request.form.get("csrf_token", ""), expected):
        abort(400, "This form has expired or was not sent from this page. Go back, reload the page, and try again.")


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
    """Return an IPv6 address's /64 network, because whoever has one address in it has all; others unchanged."""
    try:
        return str(IPv6Network((address, 64), strict=False))
    except ValueError:
        return address
