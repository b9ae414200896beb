"""The CSRF token in every form of the presenter's pages."""

import secrets

from flask import abort, request, session

from receiving.signature_checks import constant_time_equal


def token() -> str:
    """The CSRF token of this browser's session, created on first use."""
    return str(session.setdefault("csrf_token", secrets.token_urlsafe(24)))


def check() -> None:
    """Abort with 400 unless the form contains this session's CSRF token."""
    expected = session.get("csrf_token")
    if not expected or not constant_time_equal(request.form.get("csrf_token", ""), expected):
        abort(400, "This form has expired or was not sent from this page. Go back, reload the page, and try again.")
