"""The presenter's session: it unlocks the presenter's pages and, on the stage, scenes other than the current one."""

from flask import request, session
from redis.exceptions import RedisError

import context
from masking import alias
from receiving.signatures import matches_any
from stage.blueprint import get_page_store


def is_logged_in() -> bool:
    """Whether this browser's session was started with the current password and has neither expired nor been ended.

    While the store does not respond, a GET request needs only the current password's fingerprint, because all data is
    in the store; any other request raises RedisError.
    """
    fingerprints = [session_fingerprint(key) for key in context.settings().secret_key]
    if not matches_any(str(session.get("fingerprint", "")), fingerprints):
        return False
    try:
        return bool(get_page_store().exists(session_key()))
    except RedisError:
        if request.method == "GET":
            return True
        raise


def session_key() -> str:
    """The Redis key that exists while this browser's session does."""
    return f"presenter-session:{session.get('id', '')}"


def session_fingerprint(secret: str) -> str:
    """A value derived from the password, so that changing the password ends all sessions."""
    return alias(f"presenter {context.settings().presenter_password}", secret)
