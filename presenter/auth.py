"""The presenter's way in: one password, few tries, a token on every form."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import redis
from flask import abort, current_app, redirect, request, session, url_for

from config import Settings
from masking import alias
from stage.blueprint import get_page_store

MAX_ATTEMPTS_PER_CLIENT = 5  # a minute and client
MAX_ATTEMPTS_TOTAL = 60  # a minute, from everybody together
ATTEMPT_WINDOW_SECONDS = 60  # seconds
SESSION_TTL_SECONDS = 12 * 3600  # seconds: a day's conference

# Spends one try under each key, and says after how many seconds the next is free when one of them is used up.
COUNT_ATTEMPT_SCRIPT = """
local wait = 0
for at, key in ipairs(KEYS) do
  local tries = redis.call('INCR', key)
  if redis.call('TTL', key) < 0 then redis.call('EXPIRE', key, ARGV[1]) end
  if tries > tonumber(ARGV[at + 1]) then wait = math.max(wait, redis.call('TTL', key), 1) end
end
return wait
"""

View = Callable[..., Any]
"""A page's function, as Flask calls it."""


class TooManyLoginAttempts(Exception):
    """The password may not be tried before `seconds` have passed."""

    def __init__(self, seconds: int):
        super().__init__(f"Too many tries. Wait {seconds} s, then try again.")
        self.seconds = seconds


def login_required(view: View) -> View:
    """Let only the presenter in; others are sent to the login."""

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> Any:
        if not is_logged_in():
            return redirect(url_for("presenter.login"), 303)
        return view(*args, **values)

    return guarded


def is_logged_in() -> bool:
    """Whether this browser has logged in with today's password, not too long ago."""
    marks = [_session_fingerprint(secret) for secret in _settings().secret_key]
    mine = str(session.get("presenter", ""))
    return (
        any([constant_time_equal(mine, mark) for mark in marks])
        and time.time() - session.get("since", 0) < SESSION_TTL_SECONDS
    )


def log_in(password: str) -> bool:
    """Try the password. Raises TooManyTries before looking at it; redis.RedisError when tries cannot be counted."""
    client = get_page_store()
    _count_attempt(client)
    if not constant_time_equal(password, _settings().presenter_password):
        return False
    client.delete(_client_key())
    known = session.get("known") or secrets.token_hex(8)
    session.clear()
    session.update(presenter=_session_fingerprint(_settings().secret_key[0]), since=time.time(), known=known)
    session.permanent = True
    return True


def log_out() -> None:
    """Forget everything but that this browser was the presenter's once."""
    known = session.get("known")
    session.clear()
    if known:
        session["known"] = known


def csrf_token() -> str:
    """The token that this browser's forms must bring back."""
    return str(session.setdefault("token", secrets.token_urlsafe(24)))


def check_csrf_token() -> None:
    """:raise 400: when the form does not come from a page of ours in this browser."""
    if not session.get("token") or not constant_time_equal(request.form.get("token", ""), session["token"]):
        abort(400, "This form has expired, or did not come from this page. Go back, reload, and try again.")


def constant_time_equal(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that tells nothing about either."""
    digests = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (one, other)]
    return hmac.compare_digest(*digests)


def _count_attempt(client: redis.Redis) -> None:
    """A browser that has been the presenter's has tries of its own: a room full of guesses cannot lock it out."""
    keys = [_client_key()] if session.get("known") else [_client_key(), "tries:all"]
    wait = int(
        client.eval(
            COUNT_ATTEMPT_SCRIPT, len(keys), *keys, ATTEMPT_WINDOW_SECONDS, MAX_ATTEMPTS_PER_CLIENT, MAX_ATTEMPTS_TOTAL
        )
    )  # type: ignore[arg-type]
    if wait:
        raise TooManyLoginAttempts(wait)


def _client_key() -> str:
    if session.get("known"):
        return f"tries:known:{session['known']}"
    return f"tries:{alias(_client_address(), _settings().secret_key[0])}"


def _client_address() -> str:
    """Where the request comes from, as the outermost proxy we trust saw it."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    proxies = _settings().trusted_proxies
    return hops[-proxies] if proxies and len(hops) >= proxies else request.remote_addr or ""


def _session_fingerprint(secret: str) -> str:
    """Changes with the password, so that a new password ends every session begun with the old one."""
    return alias(f"presenter {_settings().presenter_password}", secret)


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found
