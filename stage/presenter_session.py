"""The presenter's session: it unlocks the presenter's pages and, on the stage, scenes other than the current one."""

import secrets

from flask import request, session
from redis.exceptions import RedisError

import context
from masking import alias
from receiving.signature_checks import matches_any
from stage.blueprint import get_page_store

SESSION_TTL_SECONDS = 12 * 3600  # one conference day


def is_logged_in() -> bool:
    """Whether this browser's session was started with the current password and has neither expired nor been ended.

    While the store does not respond, an ended session cannot be recognized. A GET request is then accepted with the
    current password's fingerprint alone: no page can show any data without the store. Other requests raise RedisError.
    """
    fingerprints = [_fingerprint(key) for key in context.settings().secret_key]
    if not matches_any(str(session.get("fingerprint", "")), fingerprints):
        return False
    try:
        return bool(get_page_store().exists(_session_key()))
    except RedisError:
        if request.method == "GET":
            return True
        raise


def start() -> None:
    """Start a session for this browser, which keeps its browser id. Raises RedisError."""
    browser_id = session.get("browser_id") or secrets.token_hex(8)
    session.clear()
    session.update(
        fingerprint=_fingerprint(context.settings().secret_key[0]), id=secrets.token_hex(16), browser_id=browser_id
    )
    session.permanent = True
    get_page_store().set(_session_key(), 1, ex=SESSION_TTL_SECONDS)


def end() -> None:
    """End the session, including for copies of its cookie. Raises RedisError.

    The browser id is kept, so that this browser retains its own login attempt limit.
    """
    get_page_store().delete(_session_key())
    browser_id = session.get("browser_id")
    session.clear()
    if browser_id:
        session["browser_id"] = browser_id


def _session_key() -> str:
    """The Redis key that exists while this browser's session does."""
    return f"presenter-session:{session.get('id', '')}"


def _fingerprint(secret: str) -> str:
    """A value derived from the password, so that changing the password ends all sessions."""
    return alias(f"presenter {context.settings().presenter_password}", secret)


def presenter_name() -> str:
    """A name for this browser, such as "phone 3f2a", from its User-Agent and its session's browser id."""
    device = "phone" if "Mobile" in request.headers.get("User-Agent", "") else "computer"
    return f"{device} {str(session.get('browser_id', ''))[:4]}".strip()
