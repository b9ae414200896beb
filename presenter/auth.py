"""Presenter authentication: one password, a limit on login attempts, and a CSRF token in every form."""

import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

import context
from masking import alias
from receiving.signatures import constant_time_equal, matches_any
from stage.blueprint import get_page_store
from store import Store

MAX_ATTEMPTS_PER_CLIENT = 5  # per ATTEMPT_WINDOW_SECONDS
MAX_ATTEMPTS_TOTAL = 60  # per ATTEMPT_WINDOW_SECONDS, across all clients
ATTEMPT_WINDOW_SECONDS = 60
SESSION_TTL_SECONDS = 12 * 3600  # one conference day

# Counts one attempt under each key. Returns 0, or the seconds to wait if a limit is exceeded.
COUNT_ATTEMPT_SCRIPT = """
local wait = 0
for index, key in ipairs(KEYS) do
  local attempts = redis.call('INCR', key)
  if redis.call('TTL', key) < 0 then redis.call('EXPIRE', key, ARGV[1]) end
  if attempts > tonumber(ARGV[index + 1]) then wait = math.max(wait, redis.call('TTL', key), 1) end
end
return wait
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


def is_logged_in() -> bool:
    """Whether this browser's session was started with the current password and has not expired."""
    fingerprints = [_session_fingerprint(key) for key in context.settings().secret_key]
    return (
        matches_any(str(session.get("fingerprint", "")), fingerprints)
        and time.time() - session.get("logged_in_at", 0) < SESSION_TTL_SECONDS
    )


def log_in(password: str) -> bool:
    """Start a session if the password is correct, and return whether it is.

    Raises TooManyLoginAttempts before checking the password, and redis.RedisError if the attempt cannot be counted.
    """
    client = get_page_store()
    _count_attempt(client)
    if not constant_time_equal(password, context.settings().presenter_password):
        return False
    client.delete(_client_key())
    browser_id = session.get("browser_id") or secrets.token_hex(8)
    session.clear()
    session.update(
        fingerprint=_session_fingerprint(context.settings().secret_key[0]),
        logged_in_at=time.time(),
        browser_id=browser_id,
    )
    session.permanent = True
    return True


def log_out() -> None:
    """End the session, but keep the browser id, so that this browser retains its own login attempt limit."""
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
    """Count the attempt. A browser that has logged in before has its own limit; others' guesses cannot lock it out."""
    keys = [_client_key()] if session.get("browser_id") else [_client_key(), "login-attempts:all"]
    limits = (MAX_ATTEMPTS_PER_CLIENT, MAX_ATTEMPTS_TOTAL)
    wait = int(client.eval(COUNT_ATTEMPT_SCRIPT, len(keys), *keys, ATTEMPT_WINDOW_SECONDS, *limits))  # type: ignore[arg-type]
    if wait:
        raise TooManyLoginAttempts(wait)


def _client_key() -> str:
    if session.get("browser_id"):
        return f"login-attempts:browser:{session['browser_id']}"
    return f"login-attempts:{alias(request.remote_addr or '', context.settings().secret_key[0])}"


def _session_fingerprint(secret: str) -> str:
    """Derived from the password, so that changing the password ends all sessions."""
    return alias(f"presenter {context.settings().presenter_password}", secret)
