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
from stage.blueprint import store

TRIES_EACH = 5  # a minute and client
TRIES_ALL = 60  # a minute, from everybody together
WINDOW = 60  # seconds
STAYS = 12 * 3600  # seconds: a day's conference

# Spends one try under each key, and says after how many seconds the next is free when one of them is used up.
SPEND = """
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


class TooManyTries(Exception):
    """The password may not be tried before `seconds` have passed."""

    def __init__(self, seconds: int):
        super().__init__(f"Too many tries. Wait {seconds} s, then try again.")
        self.seconds = seconds


def for_the_presenter(view: View) -> View:
    """Let only the presenter in; others are sent to the login."""

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> Any:
        if not is_presenter():
            return redirect(url_for("presenter.present_login"), 303)
        return view(*args, **values)

    return guarded


def is_presenter() -> bool:
    """Whether this browser has logged in with today's password, not too long ago."""
    marks = [_mark(secret) for secret in _settings().secret_key]
    mine = str(session.get("presenter", ""))
    return any([same(mine, mark) for mark in marks]) and time.time() - session.get("since", 0) < STAYS


def log_in(password: str) -> bool:
    """Try the password. Raises TooManyTries before looking at it; redis.RedisError when tries cannot be counted."""
    client = store()
    _spend_a_try(client)
    if not same(password, _settings().presenter_password):
        return False
    client.delete(_client_key())
    known = session.get("known") or secrets.token_hex(8)
    session.clear()
    session.update(presenter=_mark(_settings().secret_key[0]), since=time.time(), known=known)
    session.permanent = True
    return True


def log_out() -> None:
    """Forget everything but that this browser was the presenter's once."""
    known = session.get("known")
    session.clear()
    if known:
        session["known"] = known


def token() -> str:
    """The token that this browser's forms must bring back."""
    return str(session.setdefault("token", secrets.token_urlsafe(24)))


def check_token() -> None:
    """:raise 400: when the form does not come from a page of ours in this browser."""
    if not session.get("token") or not same(request.form.get("token", ""), session["token"]):
        abort(400, "This form has expired, or did not come from this page. Go back, reload, and try again.")


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that tells nothing about either."""
    digests = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (one, other)]
    return hmac.compare_digest(*digests)


def _spend_a_try(client: redis.Redis) -> None:
    """A browser that has been the presenter's has tries of its own: a room full of guesses cannot lock it out."""
    keys = [_client_key()] if session.get("known") else [_client_key(), "tries:all"]
    wait = int(client.eval(SPEND, len(keys), *keys, WINDOW, TRIES_EACH, TRIES_ALL))  # type: ignore[arg-type]
    if wait:
        raise TooManyTries(wait)


def _client_key() -> str:
    if session.get("known"):
        return f"tries:known:{session['known']}"
    return f"tries:{alias(_address(), _settings().secret_key[0])}"


def _address() -> str:
    """Where the request comes from, as the outermost proxy we trust saw it."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    proxies = _settings().trusted_proxies
    return hops[-proxies] if proxies and len(hops) >= proxies else request.remote_addr or ""


def _mark(secret: str) -> str:
    """Changes with the password, so that a new password ends every session begun with the old one."""
    return alias(f"presenter {_settings().presenter_password}", secret)


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found
